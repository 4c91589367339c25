import { expect, test } from "bun:test";
import { MIB } from "../base/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX, segmentBytes } from "./layout.ts";
import { MemoryBudget, SHARED_BYTES_MAX } from "./memory_budget.ts";

/** What so many connections in a row get. */
function grants(budget: MemoryBudget, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => {
    const ringBytesMax = budget.ringBytesMax;
    if (ringBytesMax !== undefined) expect(budget.take(ringBytesMax)).toBe(true);
    return ringBytesMax;
  });
}

test("the first connections get the largest rings, 256 get some, and all together no more than there is", () => {
  const given = grants(new MemoryBudget(), 256);
  expect(given[0]).toBe(RING_BYTES_MAX);
  for (const ringBytesMax of given) expect(Number.isInteger(Math.log2(ringBytesMax!))).toBe(true);
  const total = given.reduce<number>((sum, ringBytesMax) => sum + segmentBytes(ringBytesMax!), 0);
  expect(total).toBeLessThanOrEqual(SHARED_BYTES_MAX);
});

test("who comes when nothing is left gets nothing, until somebody goes", () => {
  const budget = new MemoryBudget(1 * MIB);
  const given = grants(budget, 100);
  expect(given.at(-1)).toBeUndefined();
  expect(given[0]).toBe(RING_BYTES_INITIAL);
  expect(budget.take(RING_BYTES_MAX)).toBe(false);
  budget.giveBack(RING_BYTES_INITIAL);
  expect(budget.ringBytesMax).toBe(RING_BYTES_INITIAL);
});
