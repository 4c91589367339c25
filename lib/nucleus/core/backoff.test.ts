import { expect, test } from "bun:test";
import { BACKOFF_MS_MAX, backoffMs } from "./backoff.ts";

test.each([[1, 100], [2, 200], [3, 400], [9, 25_600], [10, BACKOFF_MS_MAX], [1000, BACKOFF_MS_MAX]])(
  "after %i failures the wait is at most %i ms and at least half of that",
  (failures, longestMs) => {
    expect(backoffMs(failures, 0)).toBe(longestMs / 2);
    expect(backoffMs(failures, 0.999999)).toBeCloseTo(longestMs, -1);
  },
);
