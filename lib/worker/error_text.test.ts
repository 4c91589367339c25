import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { errorText } from "./error_text.ts";
import { formatMessage } from "./format_message.ts";

const PACKAGE = `/home/ada/.cell/packages/${"0f".repeat(32)}`;

function thrown(error: Error, ...frames: string[]): Error {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}

test("an error is shown with the user's frames, by the names that the files had", () => {
  const error = thrown(
    new TypeError("bad thing"),
    `deep (${PACKAGE}/errs.ts:1:32)`,
    "begin (lib/rpc/active_call.ts:107:34)",
    `async ${PACKAGE}/src/main.ts:3:9`,
  );
  expect(errorText(error)).toBe(
    "TypeError: bad thing\n    at deep (errs.ts:1:32)\n    at async src/main.ts:3:9",
  );
  expect(formatMessage(["while working:", error])).toStartWith("while working: TypeError: bad thing\n");
});

test("what an error carries and what caused it are shown, as deep as a log needs it", () => {
  const cause = thrown(new Error("no database"));
  const error = thrown(new CellError("UNAVAILABLE", "cannot save", { cause, data: { table: "notes" } }));
  const text = errorText(error);
  expect(text).toStartWith("CellError: cannot save\n");
  expect(text).toContain('  code: "UNAVAILABLE"');
  expect(text).toContain("notes");
  expect(text).toEndWith("caused by Error: no database");
  const loop = thrown(new Error("again"));
  loop.cause = loop;
  expect(errorText(loop).match(/again/g)).toHaveLength(5);
});

test("an error that cannot be looked at is no reason to fail", () => {
  const error = new Error("x");
  Object.defineProperty(error, "name", {
    get: () => {
      throw new Error("no");
    },
  });
  expect(formatMessage([error])).toBe("[cannot be shown: no]");
});
