import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { RefusalReports, REPORTS_MAX } from "./refusal_reports.ts";

test("of many refusals some are told in a second, and the next one after them says how many were not", () => {
  const told: CellError[] = [];
  let nowMs = 0;
  const reports = new RefusalReports((error) => void told.push(error), () => nowMs);
  const refuse = (count: number) => {
    for (let index = 0; index < count; index++) reports.report(new CellError("UNAUTHENTICATED", "no certificate"));
  };
  refuse(REPORTS_MAX + 500);
  expect(told.map(({ message }) => message)).toEqual(Array(REPORTS_MAX).fill("no certificate"));
  nowMs += 999;
  refuse(1);
  expect(told.length).toBe(REPORTS_MAX);
  nowMs += 1;
  refuse(2);
  expect(told.slice(REPORTS_MAX).map(({ code, message }) => [code, message])).toEqual([
    ["UNAUTHENTICATED", "no certificate (501 more were refused before)"],
    ["UNAUTHENTICATED", "no certificate"],
  ]);
});
