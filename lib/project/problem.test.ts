import { expect, test } from "bun:test";
import { excerptOf, type Problem, sortedProblems } from "./problem.ts";

function problem(file: string | undefined, line: number, column: number, message = "x"): Problem {
  return { file, line, column, code: undefined, message, hint: undefined, excerpt: undefined };
}

test("problems are sorted by place, and only the first of a place is kept", () => {
  const problems = [problem("b", 1, 1), problem("a", 10, 1), problem("a", 2, 5, "first"), problem("a", 2, 5, "second")];
  expect(sortedProblems(problems).map(({ file, line, message }) => `${file}:${line}:${message}`)).toEqual([
    "a:2:first",
    "a:10:x",
    "b:1:x",
  ]);
});

test("problems without a file are all kept, and come first", () => {
  const problems = [problem("a", 1, 1), problem(undefined, 1, 1, "one"), problem(undefined, 1, 1, "two")];
  expect(sortedProblems(problems).map(({ message }) => message)).toEqual(["one", "two", "x"]);
});

test("an excerpt marks the column, whatever stands before it", () => {
  expect(excerptOf("first\nlet x = y;\r\n", 2, 9)).toBe("2 | let x = y;\n  |         ^");
  expect(excerptOf("\t\tbad", 1, 3)).toBe("1 | \t\tbad\n  | \t\t^");
  expect(excerptOf("one", 2, 1)).toBeUndefined();
});

test("a long line is cut around the mark", () => {
  const [source = "", mark = ""] = excerptOf(`${"a".repeat(5000)}!${"b".repeat(5000)}`, 1, 5001)!.split("\n");
  expect(source.length).toBeLessThan(130);
  expect(source[mark.indexOf("^")]).toBe("!");
});
