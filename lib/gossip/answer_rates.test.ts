import { expect, test } from "bun:test";
import {
  ANSWERED_CALLERS_MAX,
  AnswerRates,
  ANSWERS_BURST_MAX,
  ANSWERS_PER_SECOND_MAX,
  CALLER_ANSWERS_BURST_MAX,
  CALLER_ANSWERS_PER_SECOND_MAX,
} from "./answer_rates.ts";
import { EXCHANGE_ROUNDS_MAX } from "./exchange_runner.ts";

/** How many of many requests at one moment are answered. */
function answered(rates: AnswerRates, caller: string, nowMs: number): number {
  let count = 0;
  for (let request = 0; request < 1000; request++) if (rates.take(caller, nowMs) === undefined) count++;
  return count;
}

test("a caller that asks without end is cut to its own rate, and others are answered as before", () => {
  const rates = new AnswerRates(0);
  expect(answered(rates, "eve", 0)).toBe(CALLER_ANSWERS_BURST_MAX);
  expect(rates.take("eve", 0)).toBe(CALLER_ANSWERS_PER_SECOND_MAX);
  expect(answered(rates, "ada", 0)).toBe(CALLER_ANSWERS_BURST_MAX);
  expect(answered(rates, "eve", 1000)).toBe(CALLER_ANSWERS_PER_SECOND_MAX);
});

test("many callers together are cut to what this node can answer", () => {
  const rates = new AnswerRates(0);
  const callers = Array.from({ length: 100 }, (_, number) => `n${number}`);
  const all = (nowMs: number) => callers.reduce((sum, caller) => sum + answered(rates, caller, nowMs), 0);
  expect(all(0)).toBe(ANSWERS_BURST_MAX);
  expect(all(1000)).toBe(ANSWERS_PER_SECOND_MAX);
  expect(rates.take("one more", 1000)).toBe(ANSWERS_PER_SECOND_MAX);
});

test("an exchange of as many rounds as there may be is answered at once", () => {
  expect(CALLER_ANSWERS_BURST_MAX).toBeGreaterThanOrEqual(EXCHANGE_ROUNDS_MAX);
});

test("the callers that are remembered are bounded; who was heard least recently makes room", () => {
  const rates = new AnswerRates(0);
  answered(rates, "eve", 0);
  for (let number = 0; number < ANSWERED_CALLERS_MAX - 1; number++) rates.take(`n${number}`, 0);
  expect(rates.take("eve", 0), "eve was not forgotten").toBe(CALLER_ANSWERS_PER_SECOND_MAX);
  for (let number = 0; number < ANSWERED_CALLERS_MAX; number++) rates.take(`m${number}`, 100_000);
  expect(rates.size).toBe(ANSWERED_CALLERS_MAX);
});
