import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examineMachine, listProcesses } from "./mod.ts";
import { cpuTimeMs, cpuTimeOf, privateMemoryBytes } from "./process_usage.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

let folder: string;
let home: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-"));
  home = process.env["CELL_HOME"];
  process.env["CELL_HOME"] = folder;
});
afterEach(() => {
  if (home === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = home;
  rmSync(folder, { recursive: true });
});

test("every check ends with a finding, and one that is not ok says what to do", async () => {
  const findings = await Array.fromAsync(examineMachine());
  expect(findings.length).toBeGreaterThan(10);
  for (const { name, status, advice } of findings) expect(status === "ok" || advice !== undefined, name).toBe(true);
  expect(findings.find(({ name }) => name === "unix sockets")).toMatchObject({ status: "ok" });
  // Nothing that a check made is left.
  expect(readdirSync(join(folder, "run"))).toEqual([]);
});

test("a check that cannot be made is a failure with its reason, and the others are made", async () => {
  writeFileSync(join(folder, "run"), "");
  const findings = await Array.fromAsync(examineMachine());
  const sockets = findings.find(({ name }) => name === "unix sockets");
  expect(sockets).toMatchObject({ status: "fail" });
  expect(sockets!.found).toContain(join(folder, "run"));
  expect(findings.at(-1)!.name).toBe("cluster");
});

test("sockets that crashed processes left behind are removed and reported", async () => {
  const run = join(folder, "run");
  mkdirSync(run, { mode: 0o700 });
  const listener = Bun.listen({ unix: join(run, "gone.sock"), socket: { data() {} } });
  writeFileSync(join(run, "gone.lock"), "1\n");
  try {
    const findings = await Array.fromAsync(examineMachine());
    expect(findings.find(({ name }) => name === "stale sockets")!.found).toContain("gone.sock");
    expect(await listProcesses()).toEqual([]);
  } finally {
    listener.stop(true);
  }
});

test.skipIf(process.platform !== "linux")("private memory is known of a process that lives", () => {
  expect(privateMemoryBytes(process.pid)).toBeGreaterThan(1024 * 1024);
  expect(privateMemoryBytes(2 ** 30)).toBeUndefined();
});

test.skipIf(process.platform !== "linux")("CPU time is known of a process that lives, whatever its name is", () => {
  const before = cpuTimeMs(process.pid)!;
  // By the time that this process had a core, not by a clock that goes on without it.
  const started = process.cpuUsage();
  const isOver = ({ user, system }: NodeJS.CpuUsage) => user + system >= 50_000;
  while (!isOver(process.cpuUsage(started)));
  expect(cpuTimeMs(process.pid)! - before).toBeGreaterThan(0);
  expect(cpuTimeMs(2 ** 30)).toBeUndefined();
  const stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 500 0 0 0 7 5 0 0 20 0 1 0 100 1000 10";
  expect(cpuTimeOf(stat)).toBe(120);
});
