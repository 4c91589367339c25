import { expect, test } from "bun:test";
import { CRASH_LOOP_FAILURES, failuresAfter, isCrashLoop, QUICK_FAILURE_MS } from "./crash_loop.ts";

test("failures soon after the start add up to a crash loop", () => {
  let failures = 0;
  for (let count = 1; count <= CRASH_LOOP_FAILURES; count++) {
    expect(isCrashLoop(failures)).toBe(false);
    failures = failuresAfter(failures, QUICK_FAILURE_MS - 1);
  }
  expect(isCrashLoop(failures)).toBe(true);
});

test("a process that lived for long ends the row", () => {
  expect(failuresAfter(CRASH_LOOP_FAILURES - 1, QUICK_FAILURE_MS)).toBe(0);
});
