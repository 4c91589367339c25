import { expect, test } from "bun:test";
import { CellError, toCellError } from "./mod.ts";

test("only UNAVAILABLE is worth another try unless the error says otherwise", () => {
  expect(new CellError("UNAVAILABLE", "gone").retryable).toBe(true);
  expect(new CellError("INTERNAL", "broken").retryable).toBe(false);
  expect(new CellError("ABORTED", "conflict", { retryable: true }).retryable).toBe(true);
});

test("any thrown value becomes a CellError that keeps its cause", () => {
  const original = new TypeError("x is not a function");
  const wrapped = toCellError(original, "INTERNAL");
  expect(wrapped.code).toBe("INTERNAL");
  expect(wrapped.message).toBe("x is not a function");
  expect(wrapped.cause).toBe(original);
  expect(toCellError(wrapped)).toBe(wrapped);
  expect(toCellError("a string").message).toContain("a string");
  expect(toCellError(undefined).code).toBe("UNKNOWN");
  expect(toCellError(Object.create(null)).message).toEndWith("object");
});
