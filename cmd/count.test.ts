import { expect, test } from "bun:test";
import { parseCount, parseInstances } from "./count.ts";
import { UsageError } from "./usage_error.ts";

test("a count is a whole number within its bounds", () => {
  expect(parseInstances("0")).toBe(0);
  expect(parseInstances("1000")).toBe(1000);
  expect(parseCount("7", "lines", 1, 9)).toBe(7);
});

test("everything else is refused with the bounds and what was found", () => {
  for (const text of ["-1", "1.5", "1001", "99999999999999999999", "NaN", "Infinity", "", " 3", "3x", "0x10", "1e2"]) {
    expect(() => parseInstances(text), text).toThrow(UsageError);
    expect(() => parseInstances(text)).toThrow(`instances: expected a whole number from 0 to 1,000, found "${text}"`);
  }
});
