import { expect, test } from "bun:test";
import { PASSED_OVER_FIRST_MS, PASSED_OVER_MS_MAX, Unreachable, UNREACHABLE_MAX } from "./unreachable.ts";

test("each further failure doubles the time for which an instance is passed over, up to a bound", () => {
  const unreachable = new Unreachable();
  let now = 0;
  for (const waitMs of [PASSED_OVER_FIRST_MS, 2_000, 4_000, 8_000, 16_000, PASSED_OVER_MS_MAX, PASSED_OVER_MS_MAX]) {
    unreachable.add("s@1", now);
    expect(unreachable.has("s@1", now + waitMs - 1)).toBe(true);
    now += waitMs;
    expect(unreachable.has("s@1", now)).toBe(false);
  }
});

test("one that was reached begins anew, and nobody else is concerned", () => {
  const unreachable = new Unreachable();
  unreachable.add("s@1", 0);
  unreachable.add("s@1", 0);
  expect(unreachable.has("s@2", 0)).toBe(false);
  unreachable.forget("s@1");
  expect(unreachable.has("s@1", 0)).toBe(false);
  unreachable.add("s@1", 0);
  expect(unreachable.has("s@1", PASSED_OVER_FIRST_MS)).toBe(false);
});

test("what is remembered is bounded", () => {
  const unreachable = new Unreachable();
  for (let n = 0; n <= UNREACHABLE_MAX; n++) unreachable.add(`s@${n}`, 0);
  expect(unreachable.has("s@0", 0)).toBe(false);
  expect(unreachable.has(`s@${UNREACHABLE_MAX}`, 0)).toBe(true);
});
