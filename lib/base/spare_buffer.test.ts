import { expect, test } from "bun:test";
import { SpareBuffer } from "./mod.ts";

test("the largest buffer that was given back is the next one taken, once", () => {
  const spare = new SpareBuffer(100, 1000);
  const [small, large] = [new Uint8Array(200), new Uint8Array(1000)];
  spare.give(small);
  spare.give(large);
  spare.give(small);
  expect(spare.take(500, 600)).toBe(large);
  expect(spare.take(500, 600)).toHaveLength(600);
});

test("a buffer is not kept that is too small or too large, and not taken for little or for more than it holds", () => {
  const spare = new SpareBuffer(100, 1000);
  for (const length of [99, 1001]) {
    const bytes = new Uint8Array(length);
    spare.give(bytes);
    expect(spare.take(100, 100)).not.toBe(bytes);
  }
  const bytes = new Uint8Array(500);
  spare.give(bytes);
  expect(spare.take(99, 99)).toHaveLength(99);
  expect(spare.take(501, 600)).toHaveLength(600);
  expect(spare.take(500, 500)).toBe(bytes);
});
