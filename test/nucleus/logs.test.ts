import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness/mod.ts";
import { NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** One instance keeps a file of 4 MiB and one old one, and may be in the middle of a line of 64 KiB. */
const LOG_BYTES_MAX = 2 * (4 * 2 ** 20 + 128 * 2 ** 10);

const TALKER = `
export function say(text: string): number { console.log(text); return process.pid; }
export function complain(text: string): void { console.error(text); }
export function shout(bytes: number): void { console.log("x".repeat(bytes)); }
export function chatter(lines: number, bytes: number): void {
  for (let line = 0; line < lines; line++) console.log(String(line).padStart(8, "0") + "y".repeat(bytes));
}
export function raw(): void { require("node:fs").writeSync(1, "straight to the descriptor\\n"); }
`;

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up();
  await machine.deploy("talker", TALKER);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

const logs = async (...args: string[]): Promise<string> => (await machine.ok(["logs", ...args])).stdout;

test("logs shows what an instance prints, errors and what bypasses the console included", async () => {
  await machine.ok(["call", "talker", "say", "on stdout"]);
  await machine.ok(["call", "talker", "complain", "on stderr"]);
  await machine.ok(["call", "talker", "raw"]);
  await until(async () => {
    const text = await logs("talker");
    return ["on stdout", "on stderr", "straight to the descriptor"].every((line) => text.includes(line));
  }, "all lines in the log");
  expect(await logs("talker")).toContain("talker@1");
});

test("-n limits the lines, --since the time", async () => {
  for (const word of ["alpha", "beta", "gamma"]) await machine.ok(["call", "talker", "say", word]);
  await until(async () => (await logs("talker")).includes("gamma"), "the last line");
  const last = await logs("talker", "-n", "2");
  expect(last).toContain("beta");
  expect(last).toContain("gamma");
  expect(last).not.toContain("alpha");
  expect(await logs("talker", "--since", "10m")).toContain("alpha");
  for (const wrong of [["-n", "-1"], ["-n", "1.5"], ["-n", "many"], ["--since", "yesterday-ish"]]) {
    expect((await machine.cell(["logs", "talker", ...wrong])).exit, wrong.join(" ")).toBe(2);
  }
});

test("-f goes on while the process is replaced and while the agent is dead", async () => {
  const follower = machine.start(["logs", "talker", "-f"]);
  const seen = (text: string): Promise<void> => follower.until(() => follower.stdout.includes(text), text);
  await machine.ok(["call", "talker", "say", "before"]);
  await seen("before");
  const [old] = await machine.pids("talker");
  process.kill(old!, "SIGKILL");
  await machine.untilInstances("talker", "a new process", ([one]) => one?.state === "up" && one.pid !== old);
  await machine.ok(["call", "talker", "say", "after the crash"]);
  await seen("after the crash");
  process.kill((await machine.status()).pid, "SIGKILL");
  await machine.ok(["call", "talker", "say", "without an agent"]);
  await seen("without an agent");
  await machine.ok(["up"]);
  await machine.ok(["scale", "talker", "2"]);
  await machine.untilUp("talker", 2);
  await machine.ok(["scale", "talker", "1"]);
  await machine.untilUp("talker", 1);
  follower.signal("SIGINT");
  await follower.exited();
});

test("a line of 10 MB is cut and says so, and what is kept stays within its bound", async () => {
  await machine.ok(["call", "talker", "shout", String(10 * 2 ** 20)]);
  await machine.ok(["call", "talker", "say", "still here"]);
  await until(async () => (await logs("talker", "-n", "5")).includes("still here"), "the line after the long one");
  const cut = (await logs("talker", "-n", "5")).split("\n").find((line) => line.includes("xxxx"));
  expect(cut!.length).toBeLessThan(70 * 2 ** 10);
  expect(cut!.replaceAll("x", "")).toMatch(/cut|bytes/);

  for (let round = 0; round < 3; round++) await machine.ok(["call", "talker", "chatter", "6000", "1000"]);
  await machine.ok(["call", "talker", "say", "the very end"]);
  await until(async () => (await logs("talker", "-n", "3")).includes("the very end"), "the last line");
  const folder = join(machine.home, "logs");
  const files = readdirSync(folder).filter((name) => name.startsWith("talker@1"));
  expect(files.length).toBeLessThanOrEqual(2);
  expect(files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThan(LOG_BYTES_MAX);
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("logs of a service that is unknown is an error with near names", async () => {
  const unknown = await machine.cell(["logs", "talkre"]);
  expect(unknown.exit).not.toBe(0);
  expect(unknown.stderr).toContain("talker");
});
