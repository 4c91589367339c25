import { expect, test } from "bun:test";
import { Chance, forEachSeed } from "../../sim/mod.ts";
import { encodeMessage, PACKET_VERSION } from "./packet.ts";
import { encodeState, type StateEntry } from "./state_document.ts";
import { fakeRecord, idOf, readFakeRecord } from "./testing/fake_record.ts";
import { addressOf, LoneCore } from "./testing/lone_core.ts";
import type { Message } from "./message.ts";

const FILE = "lib/gossip/core/hostile";
const IS_LONG = process.env["CELL_SOAK"] !== undefined;
const SEEDS = IS_LONG ? 20_000 : 40;
const INPUTS = 200;
const MEMBERS_MAX = 20;
/** What one input of a hostile peer may make a node send, in packets: an answer or a relay for each of its messages. */
const PACKETS_PER_INPUT_MAX = 64;

/** A message with anything in it that has a meaning, or none. */
function anyMessage(chance: Chance): Message {
  const id = () => idOf(chance.whole(0, 40));
  const sequence = chance.whole(0, 2 ** 32 - 1);
  const incarnation = chance.pick([0, 1, 2, chance.whole(0, 2_000), 2 ** 32, Number.MAX_SAFE_INTEGER]);
  const kind = chance.pick(
    ["ping", "ack", "nack", "probe_request", "alive", "suspect", "failed", "left", "broadcast"] as const,
  );
  switch (kind) {
    case "ping":
      return { kind, sequence, target: id() };
    case "ack":
    case "nack":
      return { kind, sequence };
    case "probe_request":
      return { kind, sequence, target: id(), wantsNack: chance.isOne(0.5) };
    case "alive": {
      const number = chance.whole(0, 40);
      const record = fakeRecord(idOf(number), chance.isOne(0.8) ? incarnation : 7, addressOf(chance.whole(1, 50)));
      return { kind, id: idOf(number), incarnation, record };
    }
    case "suspect":
      return { kind, id: id(), incarnation, from: id() };
    case "failed":
    case "left":
      return { kind, id: id(), incarnation };
    case "broadcast":
      return { kind, payload: new Uint8Array(chance.whole(0, 900)) };
  }
}

function anyState(chance: Chance): Uint8Array {
  return encodeState(Array.from({ length: chance.whole(0, 30) }, (): StateEntry => {
    const number = chance.whole(0, 40);
    const incarnation = chance.whole(0, 5);
    const record = fakeRecord(idOf(number), incarnation, addressOf(number));
    return { id: idOf(number), incarnation, state: chance.pick(["alive", "suspect", "failed", "left"]), record };
  }));
}

/** Changes some bytes, cuts or adds. */
function mutate(bytes: Uint8Array, chance: Chance): Uint8Array {
  const cut = chance.isOne(0.3) ? bytes.slice(0, chance.whole(0, bytes.length)) : bytes.slice();
  for (let changes = chance.whole(0, 4); changes > 0 && cut.length > 0; changes--) {
    cut[chance.whole(0, cut.length - 1)] = chance.whole(0, 255);
  }
  return chance.isOne(0.1) ? new Uint8Array([...cut, ...cut]) : cut;
}

function bombard(seed: number): LoneCore {
  const chance = new Chance(seed);
  const lone = new LoneCore({ membersMax: MEMBERS_MAX }).know(chance.whole(0, 15));
  for (let input = 0; input < INPUTS; input++) {
    const messages = Array.from({ length: chance.whole(0, 6) }, () => encodeMessage(anyMessage(chance)));
    const packet = Uint8Array.from([PACKET_VERSION, ...messages.flatMap((bytes) => [...bytes])]);
    const isState = chance.isOne(0.2);
    const clean = isState ? anyState(chance) : packet;
    const bytes = chance.isOne(0.5) ? clean : chance.isOne(0.9) ? mutate(clean, chance) : randomBytes(chance);
    const effects = isState
      ? lone.core.merge(bytes, lone.nowMs)
      : lone.core.receive(addressOf(chance.whole(1, 50)), bytes, lone.nowMs);
    if (effects.filter(({ kind }) => kind === "send").length > PACKETS_PER_INPUT_MAX) {
      throw new Error("it answers too much");
    }
    lone.pass(chance.pick([0, 0, 50, 1_000]));
    check(lone);
  }
  return lone;
}

function randomBytes(chance: Chance): Uint8Array {
  return Uint8Array.from({ length: chance.whole(0, 1_500) }, () => chance.whole(0, 255));
}

function check({ core, nowMs }: LoneCore): void {
  const members = core.members();
  if (members.length > MEMBERS_MAX + 1) throw new Error(`${members.length} members are known`);
  if (core.nextAtMs <= nowMs - 1) throw new Error("a tick was left over");
  for (const { id, incarnation, record } of members) {
    if (readFakeRecord(id, incarnation, record) === undefined) {
      throw new Error(`${id} has a record that it did not sign`);
    }
  }
}

test("whatever bytes come, nothing is thrown, tables stay bounded, and only signed records are kept", () => {
  let refused = 0;
  let joined = 0;
  forEachSeed({ file: FILE, test: "whatever bytes come", count: SEEDS }, (seed) => {
    const { core } = bombard(seed);
    refused += core.stats.refused.malformed + core.stats.refused.record;
    joined += core.members().length;
  });
  expect(refused).toBeGreaterThan(INPUTS / 10);
  expect(joined).toBeGreaterThan(MEMBERS_MAX / 2);
}, IS_LONG ? 3_600_000 : 60_000);
