import { expect, test } from "bun:test";
import fc from "fast-check";
import { LatencyHistogram } from "./latency_histogram.ts";
import { LatencySampler } from "./latency_sampler.ts";

/** The percentiles that a server would report of these calls, and how many of them it timed. */
function run(durations: Iterable<number>): { histogram: LatencyHistogram; timed: number } {
  const sampler = new LatencySampler();
  const histogram = new LatencyHistogram();
  let timed = 0;
  for (const micros of durations) {
    if (!sampler.isNextTimed) sampler.passOver();
    else {
      histogram.record(micros, sampler.take(micros));
      timed++;
    }
  }
  return { histogram, timed };
}

test("the first calls and all slow ones are timed, and most fast ones are not", () => {
  expect(run(Array(64).fill(1)).timed).toBe(64);
  expect(run(Array(10_000).fill(25)).timed).toBe(10_000);
  const { timed } = run(Array(10_000).fill(1));
  expect(timed).toBeGreaterThan(1000);
  expect(timed).toBeLessThan(1700);
});

test("a method that becomes slow is timed in full from the first slow call that was noticed on", () => {
  const { histogram, timed } = run([...Array(1000).fill(1), ...Array(1000).fill(5000)]);
  expect(timed).toBeGreaterThan(1000 - 11 + 64);
  expect(histogram.maxMicros).toBe(5000);
  expect(histogram.percentileMicros(0.75)).toBeGreaterThanOrEqual(5000);
});

test("after a call that waits all are timed until they are fast again", () => {
  const sampler = new LatencySampler();
  const runFast = (calls: number) => {
    let timed = 0;
    for (let call = 0; call < calls; call++) {
      if (!sampler.isNextTimed) sampler.passOver();
      else if (sampler.take(1) > 0) timed++;
    }
    return timed;
  };
  expect(runFast(1000)).toBeLessThan(300);
  sampler.timeNext();
  expect(runFast(64)).toBe(64);
  expect(runFast(1000)).toBeLessThan(300);
});

test("percentiles are those of all calls, also when slow ones come in a pattern", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 30, max: 3000 }), (period, slowMicros) => {
      const calls = 40_000;
      const { histogram } = run(Array.from({ length: calls }, (_, call) => call % period === 0 ? slowMicros : 2));
      const slowShare = 1 / period;
      expect(histogram.percentileMicros(1 - 1.35 * slowShare)).toBeLessThan(30);
      expect(histogram.percentileMicros(1 - 0.65 * slowShare)).toBeGreaterThanOrEqual(slowMicros);
    }),
    { numRuns: 60 },
  );
});
