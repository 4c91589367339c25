import { expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { KIB, MIB } from "../base/mod.ts";
import { logsDirectory } from "../service/mod.ts";
import { appendSystemLine, LINE_BYTES_MAX, LogFile, type LogFileOptions } from "./mod.ts";
import { TemporaryHome } from "./testing/temporary_home.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const AT = Date.UTC(2026, 10, 21, 12, 0, 0, 123);
const STAMP = "2026-11-21T12:00:00.123Z";

function open(options: LogFileOptions = {}): LogFile {
  return new LogFile("hello@1", { now: () => AT, ...options });
}

test("a line has its time, its stream and its text, and is in the file at once", () => {
  using home = new TemporaryHome();
  const log = open();
  log.line("stdout", "one");
  log.line("stderr", "two");
  log.line("system", "three");
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toBe(`${STAMP} o one\n${STAMP} e two\n${STAMP} s three\n`);
  expect(statSync(home.log("hello@1.log")).mode & 0o777).toBe(0o600);
});

test("a message of several lines becomes several lines with one time", () => {
  using home = new TemporaryHome();
  let now = AT;
  open({ now: () => now++ }).line("stdout", "a\n\nb");
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toBe(`${STAMP} o a\n${STAMP} o \n${STAMP} o b\n`);
});

test("output in pieces becomes a line when its newline has come, or when the log is flushed", () => {
  using home = new TemporaryHome();
  const log = open();
  log.output("stdout", "a");
  log.output("stderr", "x");
  log.output("stdout", "b\nc\nd");
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toBe(`${STAMP} o ab\n${STAMP} o c\n`);
  log.flush();
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toEndWith(`${STAMP} o d\n${STAMP} e x\n`);
});

test("a line of 10 MB costs 64 KiB and says that it was cut", () => {
  using home = new TemporaryHome();
  const log = open();
  log.line("stdout", "x".repeat(10 * MIB));
  log.line("stdout", "after");
  const [first = "", second] = readFileSync(home.log("hello@1.log"), "utf8").split("\n");
  expect(first).toEndWith("xxx [cut: the line had 10485760 characters]");
  expect(first.length).toBeLessThan(LINE_BYTES_MAX + 100);
  expect(second).toBe(`${STAMP} o after`);
});

test("a line without an end costs 64 KiB, however much comes", () => {
  using home = new TemporaryHome();
  const log = open();
  for (let piece = 0; piece < 100; piece++) log.output("stdout", "y".repeat(64 * KIB));
  log.output("stdout", "\n");
  expect(statSync(home.log("hello@1.log")).size).toBeLessThan(LINE_BYTES_MAX + 100);
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toContain("[cut");
});

test("a cut never parts a character, and lines at the bound are whole", () => {
  using home = new TemporaryHome();
  const log = open();
  const whole = "x".repeat(LINE_BYTES_MAX);
  for (const text of [whole, "ü".repeat(LINE_BYTES_MAX / 2), `x${"€".repeat(LINE_BYTES_MAX)}`, "😀".repeat(30_000)]) {
    log.line("stdout", text);
  }
  const [first, second, third = "", fourth = ""] = readFileSync(home.log("hello@1.log"), "utf8").split("\n");
  expect(first).toBe(`${STAMP} o ${whole}`);
  expect(second).toBe(`${STAMP} o ${"ü".repeat(LINE_BYTES_MAX / 2)}`);
  expect(third).not.toContain("\ufffd");
  expect(third).toContain("€ [cut");
  expect(fourth).not.toContain("\ufffd");
  expect(fourth).toContain("😀 [cut");
});

test("the file is rotated before it exceeds its bound, and one old file is kept", () => {
  using home = new TemporaryHome();
  const log = open({ bytesMax: 10 * KIB });
  for (let line = 0; line < 1000; line++) {
    log.line("stdout", `line ${line}`);
    expect(statSync(home.log("hello@1.log")).size).toBeLessThanOrEqual(10 * KIB);
  }
  const lines = ["hello@1.log.1", "hello@1.log"].flatMap((name) =>
    readFileSync(home.log(name), "utf8").trim().split("\n")
  );
  expect(lines.map((line) => Number(line.split(" ").at(-1)))).toEqual(
    Array.from({ length: lines.length }, (_, index) => 1000 - lines.length + index),
  );
  expect(statSync(home.log("hello@1.log.1")).size).toBeGreaterThan(9 * KIB);
});

test("a log that has become too large by what others wrote is rotated when its size is checked, and when it is opened", () => {
  using home = new TemporaryHome();
  const log = open({ bytesMax: 10 * KIB });
  appendSystemLine("hello@1", "z".repeat(20 * KIB));
  log.checkSize();
  expect(statSync(home.log("hello@1.log")).size).toBe(0);
  appendSystemLine("hello@1", "z".repeat(20 * KIB));
  open({ bytesMax: 10 * KIB });
  expect(statSync(home.log("hello@1.log")).size).toBe(0);
});

test("a child that goes on writing into the old file after a rotation fills no disk", () => {
  using home = new TemporaryHome();
  const log = open({ bytesMax: 10 * KIB });
  log.line("stdout", "before");
  const child = openSync(home.log("hello@1.log"), "a");
  const old = (): number => statSync(home.log("hello@1.log.1")).size;
  for (let block = 0; block < 100; block++) {
    writeSync(child, "z".repeat(5 * KIB));
    log.checkSize();
    if (block > 1) expect(old()).toBeLessThan(40 * KIB);
  }
  closeSync(child);
  log.line("stdout", "after");
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toBe(`${STAMP} o after\n`);
});

test("a log that was removed, or rotated by somebody else, begins anew", () => {
  using home = new TemporaryHome();
  const log = open();
  log.line("stdout", "one");
  rmSync(home.log("hello@1.log"));
  log.checkSize();
  log.line("stdout", "two");
  renameSync(home.log("hello@1.log"), home.log("hello@1.log.1"));
  log.checkSize();
  log.line("stdout", "three");
  expect(readFileSync(home.log("hello@1.log.1"), "utf8")).toBe(`${STAMP} o two\n`);
  expect(readFileSync(home.log("hello@1.log"), "utf8")).toBe(`${STAMP} o three\n`);
});

test("a file that cannot be created loses lines, throws nothing, and is created when that can be done", () => {
  using home = new TemporaryHome();
  logsDirectory();
  mkdirSync(home.log("hello@1.log"));
  const log = open();
  log.line("stdout", "lost");
  log.line("stdout", "lost, too\nand this");
  log.checkSize();
  rmSync(home.log("hello@1.log"), { recursive: true });
  log.checkSize();
  log.line("stdout", "kept");
  const text = readFileSync(home.log("hello@1.log"), "utf8");
  expect(text).toStartWith(`${STAMP} s 3 lines were lost: EISDIR`);
  expect(text).toEndWith(`\n${STAMP} o kept\n`);
  log.close();
});

test.skipIf(process.platform !== "linux")(
  "a full disk loses lines, throws nothing, and is noted when there is room again",
  () => {
    using home = new TemporaryHome();
    logsDirectory();
    symlinkSync("/dev/full", home.log("hello@1.log"));
    const log = open();
    log.line("stdout", "lost");
    log.line("stdout", "lost, too\nand this");
    rmSync(home.log("hello@1.log"));
    log.checkSize();
    log.line("stdout", "kept");
    const text = readFileSync(home.log("hello@1.log"), "utf8");
    expect(text).toMatch(new RegExp(`^${STAMP} s 3 lines were lost: .*ENOSPC.*\n${STAMP} o kept\n$`));
  },
);

test("a system line of several lines is added whole, with and without a writer", () => {
  using home = new TemporaryHome();
  expect(appendSystemLine("hello@2", "exited with code 1\nstarting again")).toBe(true);
  expect(readFileSync(home.log("hello@2.log"), "utf8")).toMatch(/^\S+Z s exited with code 1\n\S+Z s starting again\n$/);
  expect(statSync(home.log("hello@2.log")).mode & 0o777).toBe(0o600);
});

test("a system line of 10 MB is cut like any other", () => {
  using home = new TemporaryHome();
  expect(appendSystemLine("hello@2", "x".repeat(10 * MIB))).toBe(true);
  expect(statSync(home.log("hello@2.log")).size).toBeLessThan(LINE_BYTES_MAX + 100);
});

test("a log outside of the home cannot be named", () => {
  using _home = new TemporaryHome();
  expect(() => new LogFile("../x")).toThrow("not a valid name");
});

test("two processes that append to one file never mix their lines", async () => {
  using home = new TemporaryHome();
  const script = `
    import { LogFile } from ${JSON.stringify(new URL("./mod.ts", import.meta.url).pathname)};
    const log = new LogFile("hello@1");
    for (let line = 0; line < 2000; line++) log.line("stdout", process.argv[1].repeat(1 + (line * 37) % 5000));
  `;
  const children = ["a", "b"].map((letter) =>
    Bun.spawn([process.execPath, "-e", script, letter], { env: { ...process.env, CELL_HOME: home.path } })
  );
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0]);
  const names = ["hello@1.log.1", "hello@1.log"];
  const lines = names.flatMap((name) => readFileSync(home.log(name), "utf8").trimEnd().split("\n"));
  expect(lines.filter((line) => !/^\S{24} o (a+|b+)$/.test(line))).toEqual([]);
});
