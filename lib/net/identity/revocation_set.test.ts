import { expect, test } from "bun:test";
import * as fastCheck from "fast-check";
import { createKeyPair } from "./keys.ts";
import { encodeRevocation, readRevocation, REVOCATION_BYTES } from "./revocation.ts";
import { REVOCATION_LIFETIME_MS, REVOCATIONS_MAX, RevocationSet } from "./revocation_set.ts";

const authority = createKeyPair();
const BY = "f".repeat(32);
const NOW_MS = Date.UTC(2030, 0, 1);

const nodeOf = (number: number) => number.toString(16).padStart(32, "0");
const revoke = (number: number, revokedAtMs = NOW_MS, by = BY) =>
  encodeRevocation({ node: nodeOf(number), by, revokedAtMs }, authority);
const emptySet = () => new RevocationSet(authority.publicKey);
/** Made once: signing is what takes the time of these tests. */
const full = Array.from({ length: REVOCATIONS_MAX }, (_, number) => revoke(number, NOW_MS + number));

function setOf(...revocations: Uint8Array[]): RevocationSet {
  const set = emptySet();
  for (const bytes of revocations) set.merge(bytes, NOW_MS);
  return set;
}

test("a revocation is what the authority has signed", () => {
  const bytes = revoke(7);
  expect(bytes.length).toBe(REVOCATION_BYTES);
  expect(readRevocation(bytes, authority.publicKey)).toEqual({ node: nodeOf(7), by: BY, revokedAtMs: NOW_MS });
  expect(readRevocation(bytes, createKeyPair().publicKey)).toBeUndefined();
  for (let index = 0; index < bytes.length; index++) {
    const changed = Uint8Array.from(bytes);
    changed[index]! ^= 1;
    expect(readRevocation(changed, authority.publicKey)).toBeUndefined();
  }
  for (const cut of [new Uint8Array(), bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
    expect(readRevocation(cut, authority.publicKey)).toBeUndefined();
  }
});

test("nobody can be revoked who has no id, nor at no time", () => {
  for (const wrong of [{ node: "x" }, { by: "" }, { revokedAtMs: -1 }, { revokedAtMs: 1.5 }, { revokedAtMs: NaN }]) {
    const revocation = { node: nodeOf(1), by: BY, revokedAtMs: NOW_MS, ...wrong };
    expect(() => encodeRevocation(revocation, authority)).toThrow("expected two node ids and a time");
  }
});

test("a set has who was merged into it, and tells what was news", () => {
  const set = emptySet();
  expect(set.merge(revoke(1), NOW_MS)).toEqual([{ node: nodeOf(1), by: BY, revokedAtMs: NOW_MS }]);
  expect(set.merge(revoke(1), NOW_MS)).toEqual([]);
  expect(set.has(nodeOf(1))).toBe(true);
  expect(set.get(nodeOf(1))).toMatchObject({ by: BY });
  expect(set.has(nodeOf(2))).toBe(false);
});

test("sets become the same in whatever order and however often they hear of revocations", () => {
  const one = fastCheck.record({
    node: fastCheck.nat(3),
    atMs: fastCheck.nat(3),
    by: fastCheck.constantFrom(BY, nodeOf(1)),
  });
  const all = fastCheck.array(one, { maxLength: 8 }).chain((list) =>
    fastCheck.tuple(
      fastCheck.constant(list),
      fastCheck.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
    )
  );
  fastCheck.assert(
    fastCheck.property(all, ([list, shuffled]) => {
      const made = new Map(list.map((item) => [item, revoke(item.node, NOW_MS + item.atMs, item.by)]));
      const first = setOf(...list.map((item) => made.get(item)!));
      const second = setOf(...shuffled.map((item) => made.get(item)!));
      expect(second.encode()).toEqual(first.encode());
      expect(setOf(first.encode()).encode()).toEqual(first.encode());
    }),
    { numRuns: 100 },
  );
});

test("a full set keeps the latest, in whatever order it hears of them", () => {
  const later = [revoke(5_000, NOW_MS + 10_000), revoke(5_001, NOW_MS + 5)];
  const forwards = setOf(...full, ...later);
  const backwards = setOf(...[...full, ...later].reverse());
  expect(forwards.size).toBe(REVOCATIONS_MAX);
  expect(forwards.has(nodeOf(5_000))).toBe(true);
  expect(forwards.has(nodeOf(0))).toBe(false);
  expect(backwards.encode()).toEqual(forwards.encode());
  const both = setOf(...full);
  both.merge(forwards.encode(), NOW_MS);
  expect(both.encode()).toEqual(forwards.encode());
  // Of two that are as late as each other, all sets keep the same.
  expect(setOf(...full, revoke(6_000, NOW_MS)).encode()).toEqual(setOf(revoke(6_000, NOW_MS), ...full).encode());
});

test("a node that revokes one too many is told so, and nobody is forgotten", () => {
  const set = setOf(...full);
  expect(() => set.add(revoke(9_999, NOW_MS + 99_999), NOW_MS)).toThrow("1024 are revoked already");
  expect(set.has(nodeOf(0))).toBe(true);
  set.add(revoke(9_999, NOW_MS + 99_999), NOW_MS + REVOCATION_LIFETIME_MS + 1);
  expect(set.has(nodeOf(9_999))).toBe(true);
});

test("a revocation is kept until the last certificate of its node has expired", () => {
  const set = setOf(revoke(1));
  set.prune(NOW_MS + REVOCATION_LIFETIME_MS);
  expect(set.has(nodeOf(1))).toBe(true);
  set.prune(NOW_MS + REVOCATION_LIFETIME_MS + 1);
  expect(set.has(nodeOf(1))).toBe(false);
  expect(set.merge(revoke(1), NOW_MS + REVOCATION_LIFETIME_MS + 1)).toEqual([]);
});

test("what is cut off is passed over, and what was known or is too old does not keep the rest from being taken", () => {
  const old = revoke(2, NOW_MS - REVOCATION_LIFETIME_MS - 1);
  const set = setOf(revoke(1), Buffer.concat([revoke(1), old, revoke(4), revoke(5).subarray(1)]));
  expect(set.encode()).toEqual(setOf(revoke(1), revoke(4)).encode());
});

test("nothing is looked at behind a forged or foreign entry: each costs the check of a signature, and no member sends one", () => {
  const forged = Uint8Array.from(revoke(2));
  forged[0]! ^= 1;
  const foreign = encodeRevocation({ node: nodeOf(3), by: BY, revokedAtMs: NOW_MS }, createKeyPair());
  for (const wrong of [forged, foreign]) {
    expect(setOf(Buffer.concat([revoke(1), wrong, revoke(4)])).encode()).toEqual(setOf(revoke(1)).encode());
  }
});

test("more bytes than a full set has are not looked at", () => {
  const set = emptySet();
  const padding = new Uint8Array(REVOCATIONS_MAX * REVOCATION_BYTES);
  set.merge(Buffer.concat([padding, revoke(1)]), NOW_MS);
  expect(set.size).toBe(0);
});
