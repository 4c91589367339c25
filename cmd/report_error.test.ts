import { expect, test } from "bun:test";
import { CellError } from "../lib/base/mod.ts";
import { markAnswered } from "./exit_code.ts";
import { describeError } from "./report_error.ts";
import { UsageError } from "./usage_error.ts";

test("wrong usage points to the help of its command", () => {
  expect(describeError(new UsageError("no"), "call")).toEqual(["error: no", "See `cell call --help`."]);
  expect(describeError(new UsageError("no"))).toEqual(["error: no", "See `cell --help`."]);
});

test("an error shows its code where the message alone does not say it, and its data", () => {
  expect(describeError(new CellError("INVALID_ARGUMENT", "args[0]: no"))).toEqual(["error: args[0]: no"]);
  const answered = markAnswered(new CellError("ABORTED", "lost", { data: { id: 5n } }));
  expect(describeError(answered)).toEqual(["error: ABORTED: lost", 'data: {"id":"5"}']);
  expect(describeError(new CellError("UNAVAILABLE", "gone", { data: { started: false } }))).toEqual([
    "error: UNAVAILABLE: gone",
  ]);
  expect(describeError(markAnswered(new CellError("ABORTED", "lost", { data: {} })))).toEqual(["error: ABORTED: lost"]);
});

test("data of any size does not flood the terminal", () => {
  const [, data = ""] = describeError(markAnswered(new CellError("ABORTED", "x", { data: "y".repeat(1e6) })));
  expect(data.length).toBeLessThan(2100);
});

test("a defect of ours comes with its stack, a failing system call without", () => {
  expect(describeError(new TypeError("oops"))[0]).toMatch(/TypeError: oops[\s\S]*report_error\.test\.ts/);
  expect(describeError(Object.assign(new Error("ENOSPC: no space"), { syscall: "write" }))).toEqual([
    "error: ENOSPC: no space",
  ]);
});
