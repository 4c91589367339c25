import { expect, test } from "bun:test";
import { errorRateJumped } from "./error_rate.ts";

/** Errors and calls of the release before, errors and calls of the new one. */
const CASES: [string, [number, number], [number, number], boolean][] = [
  ["nothing was called", [0, 0], [0, 0], false],
  ["no error of either", [0, 10_000], [0, 10_000], false],
  ["the first five calls fail where none did", [0, 1_000], [5, 5], true],
  ["four errors are too few to tell", [0, 1_000], [4, 4], false],
  ["both fail as often", [100, 1_000], [10, 100], false],
  ["a little worse, few calls", [100, 1_000], [13, 100], false],
  ["a little worse, very many calls", [1_000, 100_000], [2_500, 100_000], false],
  ["four points worse, many calls", [1_000, 100_000], [500, 10_000], true],
  ["half of the calls fail where every tenth did", [100, 1_000], [50, 100], true],
  ["better than before", [500, 1_000], [10, 1_000], false],
  ["all fail, and so did those before", [1_000, 1_000], [1_000, 1_000], false],
  ["the release before was never called, half fails", [0, 0], [10, 20], false],
  ["the release before was never called, nine of nine fail", [0, 0], [9, 9], false],
  ["the release before was never called, ten of ten fail", [0, 0], [10, 10], true],
  ["more errors than calls, because reports are not taken at one instant", [0, 1_000], [12, 10], true],
];

test.each(CASES)("%s", (_name, [errorsBefore, callsBefore], [errors, calls], jumped) => {
  expect(errorRateJumped({ calls: callsBefore, errors: errorsBefore }, { calls, errors })).toBe(jumped);
});

test("a release that is as good as the one before is undone once in a thousand swaps at most", () => {
  let state = 1;
  const random = () => (state = Math.imul(state, 48271) >>> 0 || 1) / 2 ** 32;
  let jumps = 0;
  const SWAPS = 4_000;
  for (let swap = 0; swap < SWAPS; swap++) {
    let errors = 0;
    for (let call = 0; call < 200; call++) if (random() < 0.1) errors++;
    if (errorRateJumped({ calls: 100_000, errors: 10_000 }, { calls: 200, errors })) jumps++;
  }
  expect(jumps).toBeLessThanOrEqual(SWAPS / 1_000);
});
