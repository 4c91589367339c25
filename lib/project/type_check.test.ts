import { expect, test } from "bun:test";
import { parseProblems } from "./type_check.ts";

test("the checker's lines become problems, and what is indented belongs to the line above", () => {
  const output = `src/a.ts(3,25): error TS2322: Type 'string' is not assignable to type 'number'.
  The types differ.
    Very much.
/elsewhere/b.ts(1,1): error TS2307: Cannot find module 'x'.
error TS5023: Unknown compiler option 'strictt'.
Found 3 errors in 2 files, checked 2 files [14.00ms]
`;
  expect(parseProblems(output, "/project")).toEqual([
    {
      file: "/project/src/a.ts",
      line: 3,
      column: 25,
      code: "TS2322",
      message: "Type 'string' is not assignable to type 'number'.\n  The types differ.\n    Very much.",
      hint: undefined,
      excerpt: undefined,
    },
    {
      file: "/elsewhere/b.ts",
      line: 1,
      column: 1,
      code: "TS2307",
      message: "Cannot find module 'x'.",
      hint: undefined,
      excerpt: undefined,
    },
    {
      file: undefined,
      line: 1,
      column: 1,
      code: "TS5023",
      message: "Unknown compiler option 'strictt'.",
      hint: undefined,
      excerpt: undefined,
    },
  ]);
});

test("a clean run has no problems", () => {
  expect(parseProblems("", "/project")).toEqual([]);
});
