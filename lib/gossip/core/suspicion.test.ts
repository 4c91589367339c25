import { expect, test } from "bun:test";
import { Awareness } from "./awareness.ts";
import { LAN, LOCAL, validateOptions, WAN } from "./options.ts";
import { confirmationsExpected, nackMs, pushPullMs, retransmissions, suspicionMsMin } from "./scaling.ts";
import { Suspicion } from "./suspicion.ts";

test("a suspicion shrinks with the logarithm of its confirmations, from the longest to the shortest time", () => {
  const suspicion = new Suspicion("a", 3, 2_000, 30_000, 100);
  expect(suspicion.endMs).toBe(30_100);
  const ends = ["b", "c", "d"].map((from) => (suspicion.confirm(from), Math.round(suspicion.endMs)));
  expect(ends).toEqual([16_100, 7_911, 2_100]);
});

test("only different accusers count, and only as many as are expected", () => {
  const suspicion = new Suspicion("a", 2, 2_000, 30_000, 0);
  expect(["a", "b", "b", "c", "d"].map((from) => suspicion.confirm(from))).toEqual([false, true, false, true, false]);
  expect(suspicion.confirmations).toBe(2);
});

test("where no confirmations can come the shortest time holds from the start", () => {
  expect(new Suspicion("a", 0, 2_000, 30_000, 0).endMs).toBe(2_000);
});

test("lost time is added to the end", () => {
  const suspicion = new Suspicion("a", 0, 2_000, 30_000, 0);
  suspicion.extend(500);
  expect(suspicion.endMs).toBe(2_500);
});

test("awareness stays within its bounds and scales by them", () => {
  const awareness = new Awareness(8, true);
  awareness.apply(-3);
  expect(awareness.scale(500)).toBe(500);
  awareness.apply(100);
  expect([awareness.score, awareness.scale(500)]).toEqual([7, 4_000]);
  const off = new Awareness(8, false);
  off.apply(3);
  expect(off.score).toBe(0);
});

test("times and numbers grow with the logarithm of the members", () => {
  expect([1, 9, 10, 99, 100, 1_000].map((live) => retransmissions(4, live))).toEqual([4, 4, 8, 8, 12, 16]);
  expect([1, 10, 100, 1_000].map((live) => suspicionMsMin(LAN, live))).toEqual([4_000, 4_000, 8_000, 12_000]);
  expect([2, 32, 33, 64, 65, 1_000].map((live) => pushPullMs(30_000, live) / 30_000)).toEqual([1, 1, 2, 2, 3, 6]);
});

test("confirmations are expected only where there are others who can give them", () => {
  expect([2, 3, 4, 100].map((live) => confirmationsExpected(LAN, live))).toEqual([0, 0, 2, 2]);
  expect(confirmationsExpected({ ...LAN, confirmedSuspicion: false }, 100)).toBe(0);
});

test("with every preset a nack is there before the asker's interval is over", () => {
  for (const options of [LAN, WAN, LOCAL]) {
    expect(validateOptions(options)).toEqual(options);
    expect(options.probeTimeoutMs + nackMs(options)).toBeLessThan(options.probeIntervalMs);
    expect(nackMs(options)).toBeGreaterThan(0);
  }
});
