import { expect, test } from "bun:test";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { KIB } from "../base/mod.ts";
import { logsDirectory } from "../service/mod.ts";
import {
  followLogs,
  lastLines,
  LINE_BYTES_MAX,
  LogFile,
  loggedInstances,
  loggedServices,
  type LogLine,
  readLogs,
  removeLogs,
} from "./mod.ts";
import { TemporaryHome } from "./testing/temporary_home.ts";

const NINE = Date.UTC(2026, 10, 21, 9);
const SECOND = 1000;

function texts(lines: Iterable<LogLine>): string[] {
  return [...lines].map(({ text }) => text);
}

/** Writes lines with their times in seconds after nine. */
function write(instance: string, lines: [seconds: number, text: string][]): void {
  let now = 0;
  const log = new LogFile(instance, { now: () => now });
  for (const [seconds, text] of lines) {
    now = NINE + seconds * SECOND;
    log.line("stdout", text);
  }
  log.close();
}

test("the lines of all instances are merged by time", () => {
  using _home = new TemporaryHome();
  write("hello@1", [[1, "a"], [4, "d"]]);
  write("hello@2", [[2, "b"], [3, "c"], [5, "e"]]);
  write("other@1", [[2, "not me"]]);
  expect(texts(readLogs("hello"))).toEqual(["a", "b", "c", "d", "e"]);
  expect(readLogs("hello")[0]).toEqual({
    instance: "hello@1",
    time: new Date(NINE + SECOND),
    stream: "stdout",
    text: "a",
  });
  expect(texts(readLogs("hello", { last: 2 }))).toEqual(["d", "e"]);
  expect(texts(readLogs("hello", { sinceMs: NINE + 3 * SECOND }))).toEqual(["c", "d", "e"]);
  expect(texts(readLogs("hello", { last: 1, sinceMs: NINE }))).toEqual(["e"]);
  expect(texts(readLogs("hello", { last: 0 }))).toEqual([]);
  expect(texts(readLogs("nobody"))).toEqual([]);
  expect(lastLines("hello@1", 1)).toEqual(["d"]);
});

test("lines of equal time come in the order of instances, and of the file", () => {
  using _home = new TemporaryHome();
  write("hello@10", [[1, "ten"]]);
  write("hello@2", [[1, "two"], [1, "two again"]]);
  expect(texts(readLogs("hello"))).toEqual(["two", "two again", "ten"]);
});

test("the old file is read where the current one does not reach", () => {
  using _home = new TemporaryHome();
  const log = new LogFile("hello@1", { bytesMax: 10 * KIB });
  for (let line = 0; line < 500; line++) log.line("stdout", `${line}`);
  const last = texts(readLogs("hello", { last: 400 }));
  expect(last).toEqual(Array.from({ length: 400 }, (_, index) => `${index + 100}`));
});

test("a clock that jumped back hides no line and changes no instance's order", () => {
  using _home = new TemporaryHome();
  write("hello@1", [[600, "before"], [0, "after"], [1, "later"]]);
  expect(texts(readLogs("hello"))).toEqual(["before", "after", "later"]);
  expect(texts(readLogs("hello", { sinceMs: NINE + 300 * SECOND }))).toEqual(["before"]);
  write("board@1", [[1, "a"], [-NINE / SECOND, "without a battery"], [2, "b"]]);
  expect(texts(readLogs("board", { sinceMs: NINE }))).toEqual(["a", "b"]);
});

test("native output has the time of the line before it", () => {
  using home = new TemporaryHome();
  logsDirectory();
  writeFileSync(home.log("hello@1.log"), "first of all\n");
  write("hello@1", [[1, "a"]]);
  appendFileSync(home.log("hello@1.log"), "panic: this\n  and that\nwithout an end");
  write("hello@2", [[2, "b"]]);
  const lines = readLogs("hello");
  expect(texts(lines)).toEqual(["first of all", "a", "panic: this", "  and that", "without an end", "b"]);
  expect(lines.map(({ stream }) => stream)).toEqual(["native", "stdout", "native", "native", "native", "stdout"]);
  expect(lines[3]!.time).toEqual(new Date(NINE + SECOND));
});

test("hostile content is read within the bounds", () => {
  using home = new TemporaryHome();
  logsDirectory();
  const path = home.log("hello@1.log");
  writeFileSync(path, new Uint8Array(3 * 2 ** 20).fill(0x80));
  appendFileSync(path, "\n9999-99-99T99:99:99.999Z o no time\n\n\u001b[2J\u0000\n");
  appendFileSync(path, "2026-11-21T09:00:00.000Z x no stream\n");
  appendFileSync(path, "\n".repeat(30_000));
  const lines = readLogs("hello");
  expect(lines.length).toBe(30_005);
  expect(lines[0]!.text.length).toBeLessThan(LINE_BYTES_MAX + KIB);
  expect(lines[0]!.text).toEndWith("[cut]");
  expect(texts(lines.slice(1, 5))).toEqual([
    "9999-99-99T99:99:99.999Z o no time",
    "",
    "\u001b[2J\u0000",
    "2026-11-21T09:00:00.000Z x no stream",
  ]);
});

test("lines across the blocks that are read are whole", () => {
  using _home = new TemporaryHome();
  const log = new LogFile("hello@1");
  const expected = Array.from({ length: 300 }, (_, index) => `${index} ${"z".repeat((index * 977) % 4000)}`);
  for (const text of expected) log.line("stdout", text);
  expect(texts(readLogs("hello"))).toEqual(expected);
});

test("services with logs are listed, and their logs removed", () => {
  using _home = new TemporaryHome();
  for (const instance of ["hello@2", "hello@1", "nucleus", "other@1"]) write(instance, [[1, "x"]]);
  expect(loggedServices()).toEqual(["hello", "nucleus", "other"]);
  expect(loggedInstances("hello")).toEqual(["hello@1", "hello@2"]);
  expect(texts(readLogs("nucleus"))).toEqual(["x"]);
  removeLogs("hello");
  expect(loggedServices()).toEqual(["nucleus", "other"]);
});

/** Takes the next lines of what is followed. */
async function next(following: AsyncIterator<LogLine>, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push((await following.next()).value.text);
  return found;
}

test("following begins with the last lines and goes on through rotations, truncations and new instances", async () => {
  using home = new TemporaryHome();
  write("hello@1", [[1, "old"], [2, "last"]]);
  const abort = new AbortController();
  const following = followLogs("hello", { last: 1, signal: abort.signal });
  expect(await next(following, 1)).toEqual(["last"]);

  const log = new LogFile("hello@1", { bytesMax: 10 * KIB });
  log.line("stdout", "new");
  expect(await next(following, 1)).toEqual(["new"]);

  const many = Array.from({ length: 400 }, (_, index) => `line ${index}`);
  for (const text of many) log.line("stdout", text);
  expect(await next(following, 400)).toEqual(many);

  write("hello@2", [[3, "somebody else"]]);
  expect(await next(following, 1)).toEqual(["somebody else"]);

  truncateSync(home.log("hello@2.log"));
  appendFileSync(home.log("hello@2.log"), "x\n");
  expect(await next(following, 1)).toEqual(["x"]);

  appendFileSync(home.log("hello@2.log"), "in ");
  appendFileSync(home.log("hello@2.log"), "pieces\n");
  expect(await next(following, 1)).toEqual(["in pieces"]);

  abort.abort();
  expect((await following.next()).done).toBe(true);
});

test("following says where it was slower than the rotation", async () => {
  using _home = new TemporaryHome();
  const log = new LogFile("hello@1", { bytesMax: 4 * KIB });
  log.line("stdout", "first");
  const abort = new AbortController();
  const following = followLogs("hello", { last: 1, signal: abort.signal });
  expect(await next(following, 1)).toEqual(["first"]);
  for (let line = 0; line < 1000; line++) log.line("stdout", `${line}`);
  const found: string[] = [];
  while (found.at(-1) !== "999") found.push(...await next(following, 1));
  const gap = found.findIndex((text) => text.startsWith("lines may be missing here"));
  expect(gap).toBeGreaterThan(0);
  // Also of a file that has been removed since.
  expect(found.slice(0, gap)).toEqual(Array.from({ length: gap }, (_, index) => `${index}`));
  const after = found.slice(gap + 1);
  expect(after).toEqual(Array.from({ length: after.length }, (_, index) => `${1000 - after.length + index}`));
  abort.abort();
});
