import { expect, test } from "bun:test";
import fc from "fast-check";
import { LatencyHistogram } from "./latency_histogram.ts";

test("without calls every percentile is 0", () => {
  expect(new LatencyHistogram().percentileMicros(0.99)).toBe(0);
});

test("a percentile is never below the true one and at most an eighth above it", () => {
  const durations = fc.array(fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(2 ** 31 - 1)), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (micros, share) => {
      const histogram = new LatencyHistogram();
      for (const duration of micros) histogram.record(duration);
      const sorted = micros.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(share * micros.length) - 1]!;
      const found = histogram.percentileMicros(share);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(Math.max(exact, exact * 1.125));
    }),
    { numRuns: 500 },
  );
});

test("a percentile holds for more calls than 32 bits count", () => {
  const histogram = new LatencyHistogram();
  histogram.record(5, 2 ** 32 - 1);
  histogram.record(5, 2);
  histogram.record(100_000);
  expect(histogram.percentileMicros(0.99)).toBe(5);
});

test("durations beyond the last bucket count as its largest, and fractions are dropped", () => {
  const histogram = new LatencyHistogram();
  histogram.record(1e15);
  expect(histogram.percentileMicros(0.5)).toBe(2 ** 31 - 1);
  expect(histogram.maxMicros).toBe(2 ** 31 - 1);
  const fast = new LatencyHistogram();
  fast.record(3.7);
  expect(fast.percentileMicros(1)).toBe(3);
});
