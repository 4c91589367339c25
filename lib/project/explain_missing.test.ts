import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { explainMissing } from "./explain_missing.ts";

const PROBLEM = {
  file: "caller.ts",
  line: 1,
  column: 21,
  code: "TS2307",
  message: "Cannot find module 'cell:math' or its corresponding type declarations.",
  hint: undefined,
  excerpt: undefined,
};

function explained(error: CellError) {
  return explainMissing(PROBLEM, new Map([["math", error]]), false);
}

test("a service that does not run is to be started", () => {
  const { code, message, hint } = explained(new CellError("NOT_FOUND", "no service named math is running here"));
  expect([code, message]).toEqual([
    undefined,
    'the types of "cell:math" are unknown: no service named math is running here',
  ]);
  expect(hint).toContain("start math");
});

test("one that runs and lets no command in is not", () => {
  const { hint } = explained(new CellError("PERMISSION_DENIED", "its access list does not have them"));
  expect(hint).toBe("let commands in, or check where it runs, or check with --offline against what .cell/types has");
});

test("other problems stay as they are", () => {
  const other = { ...PROBLEM, message: "Cannot find module 'cell:other'" };
  expect(explainMissing(other, new Map([["math", new CellError("NOT_FOUND", "no math")]]), false)).toBe(other);
});
