import { expect, test } from "bun:test";
import { MINUTE } from "../base/mod.ts";
import { ClockSkews, SKEW_TOLD_MS } from "./clock_skew.ts";

const NOW_MS = 1e12;
const ADA = "ad".repeat(16);
const FROM = "192.0.2.7:9044";

function noted(): ClockSkews {
  const skews = new ClockSkews();
  skews.note(ADA, FROM, NOW_MS - 40 * MINUTE, 0);
  return skews;
}

test("that a node is ignored for its clock is told for two minutes after its last datagram", () => {
  const skews = noted();
  expect(new ClockSkews().current(NOW_MS, 0, false)).toBeUndefined();
  const current = (afterMs: number) => skews.current(NOW_MS + afterMs, afterMs, false);
  expect(current(SKEW_TOLD_MS)).toEqual({ node: ADA, from: FROM, aheadMs: -40 * MINUTE });
  expect(current(SKEW_TOLD_MS + 1)).toBeUndefined();
});

test("a node that is alone goes on telling it, however long nobody speaks to it", () => {
  expect(noted().current(NOW_MS + 1000 * MINUTE, 1000 * MINUTE, true)?.aheadMs).toBe(-40 * MINUTE);
});

test("it is told no more once that node was heard, or the clock here was set", () => {
  const skews = noted();
  expect(skews.current(NOW_MS - 40 * MINUTE, 1, true)).toBeUndefined();
  skews.heard("bb".repeat(16));
  expect(skews.current(NOW_MS, 0, true)).toBeDefined();
  skews.heard(ADA);
  expect(skews.current(NOW_MS, 0, true)).toBeUndefined();
});
