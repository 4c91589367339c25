import { expect, test } from "bun:test";
import { seededRandom } from "../../base/mod.ts";
import { ClientUpgrade, readUpgrade, ServerUpgrade, type UpgradeAction, type UpgradeMessage } from "./mod.ts";
import {
  client,
  FD,
  NONCES,
  OTHER_SECRET,
  packed,
  payloadOf,
  RIGHT,
  RING_BYTES,
  SECRET,
  server,
} from "./testing/both_sides.ts";

/** One side, with what a driver would do for it. */
interface Side {
  readonly upgrade: ClientUpgrade | ServerUpgrade;
  /** What was done, in order. */
  readonly done: UpgradeAction["kind"][];
  /** Payloads that the other side has not received yet. */
  readonly sent: Uint8Array[];
}

function sideOf(upgrade: ClientUpgrade | ServerUpgrade): Side {
  return { upgrade, done: [], sent: [] };
}

/** A driver: what a link does with actions, except for the memory. */
function perform(side: Side, actions: readonly UpgradeAction[], hasMemory = true): void {
  const { upgrade, done, sent } = side;
  for (const action of actions) {
    done.push(action.kind);
    if (action.kind === "send") sent.push(payloadOf(action.message));
    else if (action.kind === "createMemory" || action.kind === "openMemory") {
      perform(side, hasMemory ? upgrade.onMemoryReady(FD) : upgrade.onMemoryFailed(new Error("no memory")), hasMemory);
    }
  }
}

/** Delivers what both sides send until neither has anything more. */
function converse(client: Side, server: Side): void {
  for (let turns = 0; client.sent.length + server.sent.length > 0; turns++) {
    expect(turns).toBeLessThan(20);
    for (const [from, to] of [[client, server], [server, client]] as const) {
      const payload = from.sent.shift();
      if (payload !== undefined) perform(to, to.upgrade.onPayload(payload));
    }
  }
}

test("two sides with one secret move both directions", () => {
  const clientSide = sideOf(new ClientUpgrade({ secret: () => SECRET }));
  const serverSide = sideOf(new ServerUpgrade({ isSameUser: true, secret: () => SECRET, grant: () => RING_BYTES }));
  perform(clientSide, (clientSide.upgrade as ClientUpgrade).start());
  converse(clientSide, serverSide);
  expect(clientSide.done).toEqual([
    "send",
    "createMemory",
    "send",
    "startReceivingInRing",
    "send",
    "startSendingInRing",
  ]);
  expect(serverSide.done).toEqual(["send", "openMemory", "send", "startSendingInRing", "startReceivingInRing"]);
});

test("two sides with different secrets stay on the socket, and no memory is made", () => {
  const clientSide = sideOf(client(() => OTHER_SECRET));
  const serverSide = sideOf(server());
  perform(clientSide, (clientSide.upgrade as ClientUpgrade).start());
  converse(clientSide, serverSide);
  expect(clientSide.done).toEqual(["send", "giveUp"]);
  expect(serverSide.done).toEqual(["send"]);
});

test("a side that hears only its own messages never moves", () => {
  for (const side of [sideOf(client()), sideOf(server())]) {
    if (side.upgrade instanceof ClientUpgrade) perform(side, side.upgrade.start());
    else perform(side, side.upgrade.onPayload(payloadOf(RIGHT.hello)));
    for (let turns = 0; side.sent.length > 0 && turns < 20; turns++) {
      perform(side, side.upgrade.onPayload(side.sent.shift()!));
    }
    expect(side.done).toEqual(["send", "violation"]);
  }
});

test("an attacker without the secret cannot use one connection of a client to answer another", () => {
  // Both are the same client's; the attacker is the server of each and knows all that they say.
  const first = sideOf(new ClientUpgrade({ secret: () => SECRET }));
  const second = sideOf(new ClientUpgrade({ secret: () => SECRET }));
  for (const side of [first, second]) perform(side, (side.upgrade as ClientUpgrade).start());
  for (const [side, other] of [[first, second], [second, first]] as const) {
    const { nonce } = readUpgrade(other.sent[0]!) as { nonce: Uint8Array };
    perform(side, side.upgrade.onPayload(payloadOf({ ...RIGHT.challenge, nonce } as UpgradeMessage)));
    expect(side.done).toEqual(["send", "giveUp"]);
  }
});

test("an attacker without the secret cannot answer a server with what another server says", () => {
  const first = sideOf(new ServerUpgrade({ isSameUser: true, secret: () => SECRET, grant: () => RING_BYTES }));
  const second = sideOf(new ServerUpgrade({ isSameUser: true, secret: () => SECRET, grant: () => RING_BYTES }));
  perform(first, first.upgrade.onPayload(payloadOf(RIGHT.hello)));
  // The nonce of the first is the attacker's own nonce on the second: the proof is over the same two, in the other order.
  const { nonce } = readUpgrade(first.sent[0]!) as { nonce: Uint8Array };
  perform(second, second.upgrade.onPayload(payloadOf({ ...RIGHT.hello, nonce } as UpgradeMessage)));
  const { proof } = readUpgrade(second.sent[0]!) as { proof: Uint8Array };
  perform(first, first.upgrade.onPayload(payloadOf({ ...RIGHT.offer, proof } as UpgradeMessage)));
  expect(first.done).toEqual(["send", "send", "violation"]);
});

/** All that a side may do, in order, whatever its peer says. */
const COURSES = {
  client:
    /^ send( giveUp| createMemory( giveUp| send( giveUp| startReceivingInRing send startSendingInRing)?))?( violation)?$/,
  server:
    /^( send send violation|( send( giveUp| openMemory send( giveUp| startSendingInRing( startReceivingInRing)?))?)?( violation)?)$/,
};

test("whatever a peer sends, a side keeps its order, moves at most once, and does nothing after a violation", () => {
  const reached = new Set<string>();
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seededRandom(seed);
    const role = random() < 0.5 ? "client" : "server";
    const side = sideOf(role === "client" ? client() : server());
    if (side.upgrade instanceof ClientUpgrade) perform(side, side.upgrade.start());
    const hasMemory = random() < 0.8;
    for (let count = 0; count < 12; count++) {
      perform(side, side.upgrade.onPayload(anyPayload(random, side, role)), hasMemory);
    }
    const course = side.done.map((kind) => ` ${kind}`).join("");
    expect(course, `seed ${seed}`).toMatch(COURSES[role]);
    reached.add(`${role}${course}`);
  }
  expect(reached).toContain("client send createMemory send startReceivingInRing send startSendingInRing violation");
  expect(reached).toContain("client send createMemory giveUp violation");
  expect(reached).toContain("server send openMemory send startSendingInRing startReceivingInRing violation");
  expect(reached).toContain("server send openMemory send giveUp violation");
  expect(reached).toContain("server send send violation");
});

/** More often than not what a peer would say next, else anything. */
function anyPayload(random: () => number, { done }: Side, role: "client" | "server"): Uint8Array {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const said = done.filter((kind) => kind === "send").length;
  if (random() < 0.75) {
    const steps = role === "client" ? ["", "challenge", "accept"] as const : ["hello", "offer", "switch"] as const;
    const step = steps[Math.min(said, 2)]!;
    if (step !== "") return payloadOf(RIGHT[step]);
  }
  const right = pick(Object.values(RIGHT));
  const kind = random();
  if (kind < 0.3) return payloadOf(right);
  if (kind < 0.6) {
    const bytes = payloadOf(right).slice();
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  }
  if (kind < 0.8) {
    return packed({
      ...right,
      [pick(["proof", "nonce", "memory", "ringBytesMax", "step", "version"])]: pick([null, 1, "x", NONCES.client, FD]),
    });
  }
  return Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
}
