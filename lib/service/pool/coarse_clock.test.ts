import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { COARSE_MS, CoarseClock } from "./coarse_clock.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("the time is at most one interval old whenever it is asked for, and never of the future", () => {
  const clock = new CoarseClock();
  for (let step = 0; step < 200; step++) {
    jest.advanceTimersByTime(step % 40);
    const age = performance.now() - clock.now();
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThanOrEqual(COARSE_MS);
  }
});

test("a clock that nobody asks has no timer", () => {
  const clock = new CoarseClock();
  expect(jest.getTimerCount()).toBe(0);
  clock.now();
  clock.now();
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(COARSE_MS);
  expect(jest.getTimerCount()).toBe(0);
});
