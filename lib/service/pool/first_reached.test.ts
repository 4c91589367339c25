import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { firstReached } from "./first_reached.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Candidates that answer when the test says so. */
function stage(count: number) {
  const answers = Array.from({ length: count }, () => Promise.withResolvers<string>());
  const begun: number[] = [];
  const reach = (index: number): Promise<string> => {
    begun.push(index);
    return answers[index]!.promise;
  };
  return { candidates: [...answers.keys()], answers, begun, reach };
}

/** What waits for promises only has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

test("the next candidate is tried as soon as one has failed, and no further one after a success", async () => {
  const { candidates, answers, begun, reach } = stage(3);
  const reached = firstReached(candidates, reach, () => Infinity);
  answers[0]!.reject(new Error("zero"));
  await settled();
  expect(begun).toEqual([0, 1]);
  answers[1]!.resolve("one");
  expect(await reached).toBe("one");
  expect([begun, jest.getTimerCount()]).toEqual([[0, 1], 0]);
});

test("the next one is tried when one keeps quiet for too long, and whichever answers first counts", async () => {
  const { candidates, answers, begun, reach } = stage(3);
  const reached = firstReached(candidates, reach, () => 100);
  jest.advanceTimersByTime(99);
  expect(begun).toEqual([0]);
  jest.advanceTimersByTime(1);
  expect(begun).toEqual([0, 1]);
  answers[0]!.resolve("zero");
  expect(await reached).toBe("zero");
  jest.advanceTimersByTime(1_000);
  expect(begun).toEqual([0, 1]);
});

test("a late failure after a success tries nobody", async () => {
  const { candidates, answers, begun, reach } = stage(3);
  const reached = firstReached(candidates, reach, () => 100);
  jest.advanceTimersByTime(100);
  answers[1]!.resolve("one");
  expect(await reached).toBe("one");
  answers[0]!.reject(new Error("zero"));
  await settled();
  expect(begun).toEqual([0, 1]);
});

test("when all have failed the error is the first candidate's, whatever the order of the failures", async () => {
  const { candidates, answers, reach } = stage(2);
  const reached = firstReached(candidates, reach, () => 100);
  jest.advanceTimersByTime(100);
  answers[1]!.reject(new Error("one"));
  await settled();
  answers[0]!.reject(new Error("zero"));
  await expect(reached).rejects.toThrow("zero");
  expect(jest.getTimerCount()).toBe(0);
});
