import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { ACCUSATIONS_PER_MERGE_MAX, INCARNATION_JUMP_MAX, INCARNATION_MAX, REFUSALS_PER_MERGE_MAX } from "./limits.ts";
import { idOf, readFakeRecord } from "./testing/fake_record.ts";
import { addressOf, aliveOf, changesIn, LoneCore, messagesIn } from "./testing/lone_core.ts";

const suspect = (number: number, incarnation = 0, from = 1) =>
  ({ kind: "suspect", id: idOf(number), incarnation, from: idOf(from) }) as const;
const failed = (number: number, incarnation = 0) => ({ kind: "failed", id: idOf(number), incarnation }) as const;
const left = (number: number, incarnation = 0) => ({ kind: "left", id: idOf(number), incarnation }) as const;

test("a member that says it is alive is known with its address, and told on", () => {
  const lone = new LoneCore().know(1);
  expect(changesIn(lone.hear(aliveOf(2, 7)))).toEqual([["joined", 2]]);
  expect(lone.core.member(idOf(2))).toMatchObject({ incarnation: 7, state: "alive", address: addressOf(2) });
  expect(lone.core.live).toBe(3);
  expect(messagesIn(lone.pass(1_000), "alive")).toContainEqual(aliveOf(2, 7));
});

test("within an incarnation alive gives way to suspect, failed and left, and never the other way", () => {
  const claims = { alive: aliveOf(2, 5), suspect: suspect(2, 5), failed: failed(2, 5), left: left(2, 5) };
  const order = ["alive", "suspect", "failed", "left"] as const;
  for (const [rank, one] of order.entries()) {
    for (const [otherRank, other] of order.entries()) {
      const lone = new LoneCore().know(1);
      lone.hear(aliveOf(2, 5), claims[one], claims[other]);
      expect(lone.state(2)).toBe(order[Math.max(rank, otherRank)]);
    }
  }
});

test("a later incarnation beats whatever was said of an earlier one, an earlier one nothing", () => {
  for (const accusation of [suspect(2, 5), failed(2, 5), left(2, 5)]) {
    const lone = new LoneCore().know(1);
    lone.hear(aliveOf(2, 5), accusation);
    expect(changesIn(lone.hear(aliveOf(2, 4), aliveOf(2, 5)))).toEqual([]);
    expect(changesIn(lone.hear(aliveOf(2, 6)))).toEqual([[accusation.kind === "left" ? "joined" : "alive_again", 2]]);
    expect(changesIn(lone.hear(accusation))).toEqual([]);
    expect(lone.core.member(idOf(2))).toMatchObject({ incarnation: 6, state: "alive" });
  }
});

test("a record that the reader refuses changes nothing", () => {
  const lone = new LoneCore().know(1);
  const forged = { ...aliveOf(2, 3), incarnation: 4 };
  expect(changesIn(lone.hear(forged, { ...aliveOf(1, 9), record: new Uint8Array([1]) }))).toEqual([]);
  expect(lone.core.member(idOf(2))).toBeUndefined();
  expect(lone.core.member(idOf(1))?.incarnation).toBe(0);
  expect(lone.core.stats.refused.record).toBe(2);
});

test("an accusation about an incarnation whose record was never seen is not believed", () => {
  const lone = new LoneCore().know(2);
  for (const forge of [suspect, failed, left]) lone.hear(forge(2, INCARNATION_MAX), forge(2, 1), forge(3, 0));
  expect(lone.core.member(idOf(2))).toMatchObject({ incarnation: 0, state: "alive" });
  expect(lone.core.member(idOf(3))).toBeUndefined();
  expect(lone.core.stats.refused.unproven).toBe(6);
});

test("an accused node refutes above the accusation, and doubts its own health", () => {
  const lone = new LoneCore().know(1);
  lone.hear(suspect(0, 0));
  expect(lone.core.incarnation).toBe(1);
  lone.hear(failed(0, 4));
  expect(lone.core.incarnation).toBe(5);
  expect(lone.core.healthScore).toBe(2);
  expect(messagesIn(lone.pass(1_000), "alive")).toContainEqual(aliveOf(0, 5));
  lone.hear(suspect(0, 4), left(0, 3));
  expect(lone.core.incarnation).toBe(5);
  expect(lone.core.stats.refutations).toBe(2);
});

test("nobody can push a node to the end of the numbers", () => {
  const lone = new LoneCore().know(1);
  for (const incarnation of [INCARNATION_MAX, INCARNATION_MAX - 1, INCARNATION_JUMP_MAX + 1]) {
    lone.hear(suspect(0, incarnation), failed(0, incarnation), left(0, incarnation));
  }
  expect(lone.core.incarnation).toBe(0);
  expect(lone.core.stats.refused.jump).toBe(9);
  lone.hear(suspect(0, INCARNATION_JUMP_MAX));
  expect(lone.core.incarnation).toBe(INCARNATION_JUMP_MAX + 1);
});

test("a node that starts again goes above the record that its former life signed, however far", () => {
  const lone = new LoneCore().know(1);
  lone.merge({ ...aliveOf(0, 80_000_000), state: "failed" });
  expect(lone.core.incarnation).toBe(80_000_001);
  expect(lone.core.stats.conflicts).toBe(0);
  expect(messagesIn(lone.pass(1_000), "alive")).toContainEqual(aliveOf(0, 80_000_001));
});

test("its own record as it is now refutes nothing", () => {
  const lone = new LoneCore({}, 7).know(1);
  lone.hear(aliveOf(0, 7), aliveOf(0, 6));
  lone.merge({ ...aliveOf(0, 7), state: "alive" });
  expect(lone.core.incarnation).toBe(7);
});

test("two processes with one key are noticed by both, which do not outbid each other without pause", () => {
  const lone = new LoneCore().know(1);
  const conflicts: unknown[] = [];
  const elsewhere = "10.9.9.9:1";
  for (let round = 0; round < 100; round++) {
    const effects = [...lone.hear(aliveOf(0, lone.core.incarnation + 1, elsewhere)), ...lone.pass(20)];
    conflicts.push(...effects.filter(({ kind }) => kind === "conflict"));
  }
  expect(conflicts).toEqual([{ kind: "conflict", id: idOf(0), addresses: [addressOf(0), elsewhere] }]);
  expect(lone.core.incarnation).toBeLessThan(10);
  expect(lone.core.incarnation).toBeGreaterThan(2);
});

test("an address that goes back and forth is reported once a minute, one that moves is not", () => {
  const [here, there] = [addressOf(2), "10.9.9.9:1"];
  const lone = new LoneCore().know(2);
  expect(lone.hear(aliveOf(2, 1, there)).map(({ kind }) => kind)).toEqual(["change"]);
  expect(lone.core.member(idOf(2))?.address).toBe(there);
  expect(lone.hear(aliveOf(2, 2, here))).toContainEqual({ kind: "conflict", id: idOf(2), addresses: [there, here] });
  for (let incarnation = 3; incarnation < 20; incarnation++) {
    lone.hear(aliveOf(2, incarnation, incarnation % 2 === 0 ? here : there));
  }
  expect(lone.core.stats.conflicts).toBe(1);
});

test("a full table refuses newcomers until somebody it remembers is gone", () => {
  const lone = new LoneCore({ membersMax: 3 }).know(3);
  expect(changesIn(lone.hear(aliveOf(4)))).toEqual([]);
  expect(lone.core.stats.refused.table_full).toBe(1);
  lone.hear(failed(2));
  lone.nowMs += 10;
  lone.hear(left(1));
  expect(changesIn(lone.hear(aliveOf(4)))).toEqual([["removed", 2], ["joined", 4]]);
  expect([1, 2, 3, 4].map((number) => lone.state(number))).toEqual(["left", undefined, "alive", "alive"]);
});

test("a member that another holds for failed is accused, told so, and may refute", () => {
  const lone = new LoneCore().know(3);
  const effects = lone.merge({ ...aliveOf(2), state: "failed" }, { ...aliveOf(3), state: "left" });
  expect(changesIn(effects)).toEqual([["suspected", 2], ["left", 3]]);
  expect(messagesIn(effects, "suspect")).toContainEqual(suspect(2, 0, 0));
  expect(changesIn(lone.hear(aliveOf(2, 1)))).toEqual([["alive_again", 2]]);
});

test("a merge tells a bounded number of accused; the others hear it by gossip", () => {
  const count = ACCUSATIONS_PER_MERGE_MAX + 40;
  const lone = new LoneCore().know(count);
  const entries = Array.from({ length: count }, (_, index) => ({ ...aliveOf(index + 1), state: "failed" as const }));
  const effects = lone.merge(...entries);
  expect(effects.filter(({ kind }) => kind === "send").length).toBe(ACCUSATIONS_PER_MERGE_MAX);
  expect(changesIn(effects).length).toBe(count);
});

test("somebody who was gone before is not learnt from a merge, but the newest incarnation of one who is known to be", () => {
  const lone = new LoneCore().know(2);
  lone.hear(failed(2));
  const effects = lone.merge({ ...aliveOf(2, 9), state: "failed" }, { ...aliveOf(3, 9), state: "failed" });
  expect(changesIn(effects)).toEqual([]);
  expect(lone.core.member(idOf(2))).toMatchObject({ state: "failed", incarnation: 9 });
  expect(lone.core.member(idOf(3))).toBeUndefined();
  expect(changesIn(lone.hear(aliveOf(2, 8)))).toEqual([]);
});

test("confirmations shorten a suspicion, those of strangers and repetitions do not", () => {
  const failedAfterMs = (...accusers: number[]) => {
    const lone = new LoneCore({ probeStreams: false }).know(9);
    const startMs = lone.nowMs;
    for (const from of accusers) lone.hear(suspect(2, 0, from));
    while (lone.state(2) !== "failed") lone.pass(50);
    return lone.nowMs - startMs;
  };
  const longest = failedAfterMs(1);
  expect(longest).toBeWithin(4_000, 24_100);
  expect(failedAfterMs(1, 1, 1, 77)).toBe(longest);
  expect(failedAfterMs(1, 3, 4)).toBeWithin(4_000, 4_100);
});

test("confirmations are told half as often as other news", () => {
  const lone = new LoneCore().know(20);
  lone.hear(suspect(2, 0, 1));
  const first = messagesIn(lone.pass(900), "suspect").filter(({ from }) => from === idOf(1));
  lone.hear(suspect(2, 0, 3));
  const confirmations = messagesIn(lone.pass(2_000), "suspect").filter(({ from }) => from === idOf(3));
  expect([first.length, confirmations.length]).toEqual([8, 4]);
});

test("a node that was alone does not tell on what it learns from its first merge", () => {
  const lone = new LoneCore().know(5);
  expect(messagesIn(lone.pass(1 * SECOND), "alive")).toEqual([]);
});

test("a member that is removed is forgotten, and stays so while its record is refused", () => {
  const revoked = new Set<string>();
  const lone = new LoneCore({}, 0, (id, ...rest) => revoked.has(id) ? undefined : readFakeRecord(id, ...rest)).know(2);
  lone.hear(suspect(2));
  revoked.add(idOf(2));
  expect(changesIn(lone.core.remove(idOf(2), lone.nowMs))).toEqual([["removed", 2]]);
  lone.hear(aliveOf(2, 5));
  lone.merge({ ...aliveOf(2, 6), state: "alive" });
  expect(lone.state(2)).toBeUndefined();
  lone.pass(60 * SECOND);
  expect(lone.core.stats.declared).toBeLessThan(2);
});

test("a state full of forged records is looked at no further than a bound: each may cost the check of a signature", () => {
  let read = 0;
  const lone = new LoneCore({}, 0, (id, incarnation, record) => {
    read++;
    return readFakeRecord(id, incarnation, record);
  });
  const forged = (number: number) => ({ ...aliveOf(number), record: new Uint8Array([1]), state: "alive" as const });
  lone.merge({ ...aliveOf(1), state: "alive" }, ...Array.from({ length: 5_000 }, (_, index) => forged(index + 2)));
  expect(read).toBe(2 + REFUSALS_PER_MERGE_MAX);
  expect(lone.core.stats.refused.record).toBe(REFUSALS_PER_MERGE_MAX);
  expect(lone.state(1)).toBe("alive");
});
