import { expect, test } from "bun:test";
import { exitReason } from "./exit_reason.ts";

test.each([
  [{ code: 1, signal: null }, "exited with code 1"],
  [{ code: 0, signal: null }, "exited with code 0"],
  [{ code: null, signal: "SIGSEGV" }, "killed by SIGSEGV"],
  [{ code: null, signal: null }, "ended, and nobody saw how"],
])("%o reads as %s", (status, text) => {
  expect(exitReason(status)).toBe(text);
});
