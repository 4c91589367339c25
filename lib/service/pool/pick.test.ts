import { expect, test } from "bun:test";
import { seededRandom } from "../../base/mod.ts";
import { type Loaded, pickLessLoaded } from "./pick.ts";

const idle = (): Loaded => ({ inFlight: 0, reportedLoad: 0 });

test("without a choice there is nothing to choose", () => {
  expect(pickLessLoaded([], () => 0)).toBeUndefined();
  const only = idle();
  expect(pickLessLoaded([only], () => 0.99)).toBe(only);
});

test("of two the one with fewer calls of our own is picked, then the one that says it is less busy", () => {
  const cases: [Loaded, Loaded][] = [
    [{ inFlight: 1, reportedLoad: 90 }, { inFlight: 2, reportedLoad: 0 }],
    [{ inFlight: 3, reportedLoad: 4 }, { inFlight: 3, reportedLoad: 5 }],
  ];
  const random = seededRandom(1);
  for (const [better, worse] of cases) {
    for (let round = 0; round < 50; round++) {
      expect(pickLessLoaded([better, worse], random)).toBe(better);
      expect(pickLessLoaded([worse, better], random)).toBe(better);
    }
  }
});

test("the busiest of many is never picked, whatever is drawn", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed);
    const candidates = Array.from({ length: 2 + (seed % 7) }, (_, n) => ({ inFlight: n, reportedLoad: 0 }));
    for (let round = 0; round < 50; round++) {
      expect(pickLessLoaded(candidates, random)!.inFlight, `seed ${seed}`).toBeLessThan(candidates.length - 1);
    }
  }
});

test("equals share the calls evenly, and calls that stay spread to the least loaded", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const candidates = Array.from({ length: 5 }, () => ({ inFlight: 0, reportedLoad: 0, picks: 0 }));
    for (let round = 0; round < 5_000; round++) pickLessLoaded(candidates, random)!.picks++;
    for (const { picks } of candidates) expect(picks, `seed ${seed}`).toBeWithin(800, 1_200);
    for (let round = 0; round < 500; round++) pickLessLoaded(candidates, random)!.inFlight++;
    const inFlight = candidates.map((candidate) => candidate.inFlight);
    // Two choices keep the gap near log log n; one choice alone would have one of some 25 here.
    expect(Math.max(...inFlight) - Math.min(...inFlight), `seed ${seed}`).toBeLessThanOrEqual(6);
  }
});
