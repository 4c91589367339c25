import { expect, test } from "bun:test";
import { sinceLastAttempt } from "./failure.ts";

const FAILED = "failed to start: exited with code 1; it is started again in 0.2 s";

test("the lines of the last process are shown, not those of all that failed before it", () => {
  expect(sinceLastAttempt(["at x.ts:1:1", FAILED, "starting", "no database", "crash-looping, given up"]))
    .toEqual(["starting", "no database", "crash-looping, given up"]);
  expect(sinceLastAttempt(["starting", "no database", FAILED])).toEqual(["starting", "no database", FAILED]);
  expect(sinceLastAttempt([FAILED, FAILED])).toEqual([FAILED]);
  expect(sinceLastAttempt(["only this"])).toEqual(["only this"]);
  expect(sinceLastAttempt([])).toEqual([]);
});
