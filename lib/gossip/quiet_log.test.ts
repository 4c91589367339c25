import { expect, test } from "bun:test";
import { Cooldown } from "./cooldown.ts";
import { QUIET_MS, QuietLog } from "./quiet_log.ts";

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
