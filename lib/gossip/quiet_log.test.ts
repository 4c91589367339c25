import { expect, test } from "bun:test";
import { Cooldown } from "./cooldown.ts";
import { LINES_MAX, QUIET_MS, QuietLog } from "./quiet_log.ts";

test("the same is said once a minute, whatever else is said", () => {
  const lines: string[] = [];
  const log = new QuietLog((line) => lines.push(line));
  for (let nowMs = 0; nowMs < QUIET_MS; nowMs += 1000) log.say("a", nowMs, () => `a ${nowMs}`);
  log.say("b", 0, () => "b");
  log.say("a", QUIET_MS, () => "a again");
  expect(lines).toEqual(["a 0", "b", "a again"]);
});

test("what is remembered is bounded: the oldest makes room", () => {
  const cooldown = new Cooldown(1000, 2);
  for (const key of ["a", "b", "c"]) expect(cooldown.pass(key, 0)).toBe(true);
  expect(cooldown.size).toBe(2);
  expect([cooldown.pass("c", 1), cooldown.pass("b", 1), cooldown.pass("a", 1)]).toEqual([false, false, true]);
});

test("whoever thinks up subjects fills no log: lines are bounded, and how many were left out is said", () => {
  const lines: string[] = [];
  const log = new QuietLog((line) => lines.push(line));
  for (let subject = 0; subject < 10_000; subject++) log.say(`record ${subject}`, 0, () => `${subject}`);
  expect(lines.length).toBe(LINES_MAX);
  for (let nowMs = 0; nowMs < 10 * QUIET_MS; nowMs += 10) log.say(`later ${nowMs}`, nowMs, () => `later ${nowMs}`);
  expect(lines.length).toBeLessThanOrEqual(11 * LINES_MAX + 10);
  expect(lines).toContain("0");
  expect(lines[LINES_MAX]).toBe("15940 lines about other nodes were left out");
});
