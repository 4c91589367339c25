import { expect, test } from "bun:test";
import { CellError } from "../lib/base/mod.ts";
import { EXIT, exitCodeOf, markAnswered } from "./exit_code.ts";
import { EXIT_CODES_TEXT } from "./help.ts";
import { UsageError } from "./usage_error.ts";

test("each kind of failure has its exit code", () => {
  expect(exitCodeOf(new UsageError("x"))).toBe(EXIT.usage);
  expect(exitCodeOf(new CellError("NOT_FOUND", "x"))).toBe(EXIT.missing);
  expect(exitCodeOf(new CellError("UNAVAILABLE", "x"))).toBe(EXIT.missing);
  expect(exitCodeOf(new CellError("DEADLINE_EXCEEDED", "x"))).toBe(EXIT.deadline);
  expect(exitCodeOf(new CellError("PERMISSION_DENIED", "x"))).toBe(EXIT.refused);
  expect(exitCodeOf(new CellError("UNAUTHENTICATED", "x"))).toBe(EXIT.refused);
  expect(exitCodeOf(new CellError("INVALID_ARGUMENT", "x"))).toBe(EXIT.failed);
  expect(exitCodeOf(new Error("x"))).toBe(EXIT.failed);
  expect(exitCodeOf("x")).toBe(EXIT.failed);
});

test("a method's own NOT_FOUND is a call that failed, not a service that is missing", () => {
  expect(exitCodeOf(markAnswered(new CellError("NOT_FOUND", "no such user")))).toBe(EXIT.failed);
  expect(exitCodeOf(markAnswered(new CellError("DEADLINE_EXCEEDED", "x")))).toBe(EXIT.deadline);
  const notStarted = new CellError("UNAVAILABLE", "x", { data: { started: false } });
  expect(exitCodeOf(markAnswered(notStarted))).toBe(EXIT.missing);
});

test("every exit code is documented", () => {
  for (const code of Object.values(EXIT)) expect(EXIT_CODES_TEXT).toMatch(new RegExp(`^  ${code}  `, "m"));
});
