import { expect, test } from "bun:test";
import { table, tableWithin } from "./table.ts";

test("columns are as wide as their widest cell and lean to their side", () => {
  const lines = table(
    [{ title: "NAME", align: "left" }, { title: "CALLS", align: "right" }, { title: "LAST", align: "left" }],
    [["a", "1", "x"], ["longer", "1,000,000", ""]],
  );
  expect(lines).toEqual(["NAME        CALLS  LAST", "a               1  x", "longer  1,000,000"]);
});

test("what counts is how wide a cell is shown, not how long it is", () => {
  const lines = table(
    [{ title: "N", align: "left" }, { title: "X", align: "left" }],
    [["\x1b[31mred\x1b[39m", "1"], ["日本", "2"]],
  );
  expect(lines.map((line) => Bun.stringWidth(line))).toEqual(
    [7, 7, 7],
  );
});

test("a row that is printed alone is as wide as its columns' minimum", () => {
  const columns = [{ title: "N", align: "right", widthMin: 6 }] as const;
  expect(table(columns, [])).toEqual(["     N"]);
  expect(table(columns, [["12"]])[1]).toBe("    12");
});

test("what there is no room for is left out, the least important first", () => {
  const columns = [
    { title: "A", align: "left" },
    { title: "BB", align: "left", leftOut: 2 },
    { title: "CCC", align: "left", leftOut: 1 },
  ] as const;
  const rows = [["a", "b", "c"]];
  expect(tableWithin(10, columns, rows)).toEqual(["A  BB  CCC", "a  b   c"]);
  expect(tableWithin(9, columns, rows)).toEqual(["A  BB", "a  b"]);
  expect(tableWithin(4, columns, rows)).toEqual(["A", "a"]);
  expect(tableWithin(0, columns, rows)).toEqual(["A", "a"]);
});
