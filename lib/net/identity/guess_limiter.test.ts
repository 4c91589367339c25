import { expect, test } from "bun:test";
import { MINUTE } from "../../base/mod.ts";
import { GUESS_LIMITS, GuessLimiter } from "./guess_limiter.ts";

test("an address guesses so often a minute, then waits until its oldest guess is a minute old", () => {
  const limiter = new GuessLimiter({ perAddress: 3, altogether: 100 });
  for (const nowMs of [0, 1_000, 2_000]) expect(limiter.begin("a", nowMs)).toBe(0);
  expect(limiter.begin("a", 3_000)).toBe(MINUTE - 3_000);
  expect(limiter.begin("b", 3_000)).toBe(0);
  expect(limiter.begin("a", MINUTE - 1)).toBe(1);
  expect(limiter.begin("a", MINUTE)).toBe(0);
  expect(limiter.begin("a", MINUTE)).toBe(1_000);
});

test("many addresses together wait, too", () => {
  const limiter = new GuessLimiter({ perAddress: 3, altogether: 5 });
  for (let number = 0; number < 5; number++) expect(limiter.begin(`a${number}`, number)).toBe(0);
  expect(limiter.begin("another", 10)).toBe(MINUTE - 10);
});

test("guesses that begin at once count at once", () => {
  const limiter = new GuessLimiter({ perAddress: 3, altogether: 100 });
  const waits = Array.from({ length: 10 }, () => limiter.begin("a", 0));
  expect(waits.filter((waitMs) => waitMs === 0).length).toBe(3);
});

test("who was right does not wait", () => {
  const limiter = new GuessLimiter({ perAddress: 1, altogether: 1 });
  for (let round = 0; round < 10; round++) {
    expect(limiter.begin("a", round)).toBe(0);
    limiter.succeed("a");
  }
  limiter.succeed("nobody");
  expect(limiter.size).toBe(0);
});

test("no flood makes it remember more than its bound, or wait longer than a minute", () => {
  const limiter = new GuessLimiter();
  for (let number = 0; number < 5_000; number++) {
    expect(limiter.begin(`${number}`, number)).toBeLessThanOrEqual(MINUTE);
    expect(limiter.size).toBeLessThanOrEqual(GUESS_LIMITS.altogether);
  }
  expect(limiter.size).toBe(GUESS_LIMITS.altogether);
  expect(limiter.begin("later", 2 * MINUTE)).toBe(0);
  expect(limiter.size).toBe(1);
});

test("limits that limit nothing are refused", () => {
  for (
    const limits of [{ perAddress: 0, altogether: 1 }, { perAddress: 1, altogether: NaN }, {
      perAddress: 1.5,
      altogether: 2,
    }]
  ) {
    expect(() => new GuessLimiter(limits)).toThrow("to be a whole number from 1");
  }
});
