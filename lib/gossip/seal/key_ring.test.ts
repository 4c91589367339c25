import { expect, test } from "bun:test";
import { MINUTE } from "../../base/mod.ts";
import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import { type ClusterKey, compareKeys, createClusterKey } from "./cluster_key.ts";
import { KeyRing, KEYS_MAX } from "./key_ring.ts";
import { DEFAULT_KEY_RING_OPTIONS, validateKeyRingOptions } from "./key_ring_options.ts";

const START = 1_800_000_000_000;
const DAY = 24 * 60 * MINUTE;
const { adoptMs, graceMs, revokedGraceMs } = DEFAULT_KEY_RING_OPTIONS;

function opens(ring: KeyRing, key: ClusterKey, nowMs: number): boolean {
  return ring.opening(key.id, nowMs) !== undefined;
}

test("a ring without a key seals nothing; its first key is sealed under at once", () => {
  const ring = new KeyRing();
  expect(ring.sealing(START)).toBeUndefined();
  const key = ring.rotate(START);
  expect(ring.sealing(START)?.id).toBe(key.id);
});

test("a new key is only handed on until its time has come", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  const second = ring.rotate(START + MINUTE);
  expect(ring.keys(START + MINUTE)).toEqual([second, first]);
  expect(ring.sealing(START + MINUTE + adoptMs - 1)?.id).toBe(first.id);
  expect(ring.sealing(START + MINUTE + adoptMs)?.id).toBe(second.id);
});

test("a new key is sealed under as soon as somebody else does so", () => {
  const ring = new KeyRing();
  ring.rotate(START);
  const second = ring.rotate(START + MINUTE);
  ring.noteUse(second.id);
  expect(ring.sealing(START + MINUTE)?.id).toBe(second.id);
});

test("a node that joins long after a rotation seals under the newest key at once", () => {
  const giver = new KeyRing();
  giver.rotate(START);
  const second = giver.rotate(START + MINUTE);
  const joiner = new KeyRing();
  joiner.merge(giver.keys(START + 2 * MINUTE), START + 2 * MINUTE);
  expect(joiner.sealing(START + 2 * MINUTE)?.id).toBe(second.id);
});

test("the previous key opens for the grace and no longer", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  const rotatedAtMs = START + MINUTE;
  ring.rotate(rotatedAtMs);
  expect(opens(ring, first, rotatedAtMs + graceMs - 1)).toBe(true);
  expect(opens(ring, first, rotatedAtMs + graceMs)).toBe(false);
  expect(ring.keys(rotatedAtMs + graceMs)).toHaveLength(1);
});

test("after a revocation the previous keys open for the short grace", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  const revokedAtMs = START + MINUTE;
  ring.retire(revokedAtMs, revokedAtMs);
  const second = ring.rotate(revokedAtMs);
  expect(second.createdAtMs).toBeGreaterThan(revokedAtMs);
  expect(opens(ring, first, revokedAtMs + revokedGraceMs - 1)).toBe(true);
  expect(opens(ring, first, revokedAtMs + revokedGraceMs + 1)).toBe(false);
  expect(opens(ring, second, revokedAtMs + 10 * graceMs)).toBe(true);
});

test("a node that hears of a revocation before the new key goes on with the old one until that came", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  ring.retire(START + MINUTE, START + MINUTE);
  const muchLater = START + 30 * MINUTE;
  expect(opens(ring, first, muchLater)).toBe(true);
  expect(ring.sealing(muchLater)?.id).toBe(first.id);
  ring.merge([createClusterKey(START + MINUTE + 1)], muchLater);
  expect(opens(ring, first, muchLater + revokedGraceMs - 1)).toBe(true);
  expect(opens(ring, first, muchLater + revokedGraceMs)).toBe(false);
});

test("an expired key is not taken from a node that has not forgotten it yet", () => {
  const giver = new KeyRing();
  const first = giver.rotate(START);
  const taker = new KeyRing();
  taker.merge([first], START);
  taker.merge([giver.rotate(START + MINUTE)], START + MINUTE);
  const expiredAtMs = START + MINUTE + graceMs;
  expect(taker.keys(expiredAtMs)).toHaveLength(1);
  expect(taker.merge([first], expiredAtMs)).toEqual([]);
  expect(opens(taker, first, expiredAtMs)).toBe(false);
});

test("two nodes that rotate at once end up sealing under the same key, whoever hears of which first", () => {
  const common = createClusterKey(START);
  const left = new KeyRing();
  const right = new KeyRing();
  for (const ring of [left, right]) ring.merge([common], START);
  const now = START + MINUTE;
  const [ofLeft, ofRight] = [left.rotate(now), right.rotate(now)];
  left.merge(right.keys(now), now);
  right.merge(left.keys(now), now);
  const winner = compareKeys(ofLeft, ofRight) > 0 ? ofLeft : ofRight;
  for (const ring of [left, right]) {
    expect(ring.sealing(now + adoptMs)?.id).toBe(winner.id);
    expect(opens(ring, ofLeft, now + adoptMs) && opens(ring, ofRight, now + adoptMs)).toBe(true);
  }
});

test("a ring holds the newest keys only, however many come", () => {
  const ring = new KeyRing();
  const keys = Array.from({ length: 3 * KEYS_MAX }, (_, index) => createClusterKey(START + index));
  ring.merge(keys, START + MINUTE);
  expect(ring.keys(START + MINUTE)).toEqual(keys.slice(-KEYS_MAX).reverse());
});

test("a key from the future is refused, or it would win for ever", () => {
  const ring = new KeyRing();
  const key = ring.rotate(START);
  expect(ring.merge([createClusterKey(START + CLOCK_TOLERANCE_MS + 1)], START)).toEqual([]);
  expect(ring.keys(START)).toEqual([key]);
});

test("another secret under the id of a key that is here is refused", () => {
  const ring = new KeyRing();
  const key = ring.rotate(START);
  expect(ring.merge([{ ...createClusterKey(START + 1), id: key.id }], START + 1)).toEqual([]);
  expect(ring.merge([key], START + 1)).toEqual([]);
});

test("a clock that was set back does not make the next key an older one", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  expect(compareKeys(ring.rotate(START - 60 * MINUTE), first)).toBeGreaterThan(0);
});

test("a key that was made while the clock was ahead keeps no later key from its turn once the clock is right", () => {
  const ring = new KeyRing();
  ring.rotate(START);
  ring.rotate(START + DAY);
  const next = ring.rotate(START + MINUTE);
  const other = new KeyRing();
  expect(other.merge(ring.keys(START + MINUTE), START + MINUTE)).toContainEqual(next);
  for (const one of [ring, other]) expect(one.sealing(START + MINUTE + adoptMs)?.id).toBe(next.id);
});

test("a key from the future that others have sealed under gives way to those of the right time", () => {
  const ring = new KeyRing();
  const first = ring.rotate(START);
  const future = ring.rotate(START + DAY);
  ring.noteUse(future.id);
  expect(ring.sealing(START + DAY)?.id).toBe(future.id);
  expect(ring.sealing(START + MINUTE)?.id).toBe(first.id);
});

test("the key that follows a removal is one that others take, also where the removal was decided by a clock that was ahead", () => {
  const ring = new KeyRing();
  ring.rotate(START);
  ring.retire(START + DAY, START + DAY);
  const next = ring.rotate(START + MINUTE);
  expect(new KeyRing().merge([next], START + MINUTE)).toEqual([next]);
});

test("a key that a removed node knows is known for that until another follows", () => {
  const ring = new KeyRing();
  ring.rotate(START);
  expect(ring.exposedSinceMs(START)).toBeUndefined();
  ring.retire(START + MINUTE, START + 2 * MINUTE);
  ring.retire(START + MINUTE, START + 3 * MINUTE);
  expect(ring.exposedSinceMs(START + 3 * MINUTE)).toBe(START + 2 * MINUTE);
  ring.rotate(START + 4 * MINUTE);
  expect(ring.exposedSinceMs(START + 4 * MINUTE)).toBeUndefined();
});

test("a ring that is told again what was removed before it was kept opens what that knew no longer than before", () => {
  const before = new KeyRing();
  const first = before.rotate(START);
  before.retire(START + MINUTE, START + MINUTE);
  const second = before.rotate(START + MINUTE);
  const again = new KeyRing();
  const startedAtMs = START + 2 * MINUTE;
  again.restore([second, first], startedAtMs);
  again.recallRemoval(START + MINUTE, startedAtMs);
  expect(again.exposedSinceMs(startedAtMs)).toBeUndefined();
  expect(opens(again, first, startedAtMs + revokedGraceMs)).toBe(false);
  expect(opens(again, second, startedAtMs + 10 * graceMs)).toBe(true);
});

test("options out of their bounds are refused by name", () => {
  expect(() => validateKeyRingOptions({ adoptMs: -1 })).toThrow(
    "key ring option adoptMs: expected milliseconds from 0",
  );
  expect(() => validateKeyRingOptions({ graceMs: 1, revokedGraceMs: 2 })).toThrow(
    "expected at most graceMs (1), found 2",
  );
});
