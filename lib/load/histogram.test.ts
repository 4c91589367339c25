import { expect, test } from "bun:test";
import { Histogram } from "./histogram.ts";

test("percentiles of any size are off by less than one part in a hundred", () => {
  for (const scale of [1, 100, 10_000, 1_000_000, 10_000_000]) {
    const histogram = new Histogram();
    for (let value = 1; value <= 1000; value++) histogram.record(value * scale);
    for (const share of [0.5, 0.9, 0.99, 0.999]) {
      const exact = share * 1000 * scale;
      expect(Math.abs(histogram.percentile(share) - exact) / exact).toBeLessThan(0.01);
    }
    expect(histogram.maxMicros).toBe(1000 * scale);
    expect(histogram.meanMicros).toBeCloseTo(500.5 * scale, 5);
  }
});

test("a value far beyond the last bucket counts and is the maximum", () => {
  const histogram = new Histogram();
  histogram.record(0);
  histogram.record(1e15);
  expect(histogram.count).toBe(2);
  expect(histogram.maxMicros).toBe(1e15);
  expect(histogram.percentile(1)).toBeLessThanOrEqual(1e15);
  expect(histogram.percentile(0.5)).toBe(0.005);
});

test("latencies below a microsecond are told apart by ten nanoseconds", () => {
  for (let nanoseconds = 105; nanoseconds < 1000; nanoseconds += 10) {
    const histogram = new Histogram();
    histogram.record(nanoseconds / 1000);
    histogram.record((nanoseconds + 10) / 1000);
    expect(Math.abs(histogram.percentile(0.5) * 1000 - nanoseconds)).toBeLessThanOrEqual(5.001);
    expect(histogram.percentile(0.5)).toBeLessThan(histogram.percentile(1));
  }
});

test("buckets follow each other without a gap where their width changes", () => {
  // 2^31 units are 21.47483648 s: below it buckets are found with integers, above it with logarithms.
  for (const edge of [0.64, 1.28, 2.56, 5.12, 21_474_836.48, 42_949_672.96]) {
    const histogram = new Histogram();
    histogram.record(edge * 0.98);
    histogram.record(edge * 1.02);
    expect(histogram.percentile(0.5)).toBeLessThan(edge);
    expect(histogram.percentile(1)).toBeGreaterThan(edge);
    expect(histogram.percentile(1)).toBeLessThan(edge * 1.04);
  }
});

test("no percentile exceeds what was recorded", () => {
  const histogram = new Histogram();
  histogram.record(100);
  expect(histogram.percentile(0.99)).toBeLessThanOrEqual(100);
});

test("an empty histogram has no percentiles", () => {
  expect(new Histogram().percentile(0.5)).toBeNaN();
});
