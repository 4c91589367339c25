import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../test/harness/until.ts";
import { claimInstance } from "../../service/mod.ts";
import { findLeftovers, killOrphans, Processes, seeOff } from "./mod.ts";
import { instanceProcesses, isRunning, mayBeWorkerOf, processEntry } from "./process_table.ts";
import { askToEnd, identityOf, killGroup } from "./signal.ts";

// Processes that start take seconds on a busy machine.
setDefaultTimeout(120_000);

const HAS_PROC = process.platform === "linux";
const SHA256 = "a".repeat(64);
const HELLO = { service: "hello", number: 1 };
const CODE = { release: 3, package: SHA256, env: {} };

let folder: string;
let home: string;
const saved = { ...process.env };
const started: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  home = process.env["CELL_HOME"] = join(folder, "home");
});

afterEach(async () => {
  for (const pid of started.splice(0)) {
    killGroup(identityOf(pid));
    await until(() => !isRunning(pid, undefined), `process ${pid} to end`);
  }
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  Object.assign(process.env, saved);
  rmSync(folder, { recursive: true, force: true });
});

/** Workers that are lines of sh; `exits` collects how they ended. */
function workers(script: string) {
  const exits: { pid: number; code: number | null; signal: string | null }[] = [];
  const processes = new Processes({
    workerCommand: ["sh", "-c", script, "worker"],
    onExit: (_id, pid, status) => exits.push({ pid, ...status }),
  });
  const spawn = (env = {}) => {
    const pid = processes.spawn(HELLO, { ...CODE, env });
    started.push(pid);
    return pid;
  };
  return { processes, exits, spawn };
}

const log = () => readFileSync(join(home, "logs/hello@1.log"), "utf8");

test("a worker gets its arguments, its folder, no input, and only the environment that it needs", async () => {
  process.env["SECRET"] = "of the agent";
  process.env["LC_TIME"] = "C";
  const { exits, spawn } = workers('echo "$@"; pwd; wc -c; env >&2');
  spawn({ COLOR: "red\nblue" });
  await until(() => exits.length > 0, "the worker to end");
  const [args, cwd, input, ...env] = log().trim().split("\n");
  expect({ args, cwd, input }).toEqual({ args: `hello 1 3 ${SHA256}`, cwd: join(home, "data/hello"), input: "0" });
  expect(env).toContain("CELL_INSTANCE=hello@1");
  expect(env).toContain(`CELL_HOME=${home}`);
  expect(env.join("\n")).toContain("COLOR=red\nblue");
  expect(env).toContain("LC_TIME=C");
  expect(env.join("\n")).not.toContain("SECRET");
});

test("exit codes and signals are reported, each worker's once", async () => {
  const { processes, exits, spawn } = workers('[ "$CODE" = kill ] && kill -9 $$; exit "$CODE"');
  const [seven] = [spawn({ CODE: "7" })];
  await until(() => exits.length === 1, "the first worker to end");
  const killed = spawn({ CODE: "kill" });
  await until(() => exits.length === 2, "the second worker to end");
  expect(exits).toEqual([
    { pid: seven!, code: 7, signal: null },
    { pid: killed, code: null, signal: "SIGKILL" },
  ]);
  expect(processes.size).toBe(0);
});

test("a program that is not there is an error, and no worker", () => {
  const processes = new Processes({ workerCommand: ["/nonexistent"], onExit: () => {} });
  expect(() => processes.spawn(HELLO, CODE)).toThrow();
  expect(processes.size).toBe(0);
});

test.skipIf(!HAS_PROC)("a worker leads a group, and whatever is in it ends with the worker", async () => {
  const { processes, exits, spawn } = workers("sleep 1000 & echo $!; exec sleep 1001");
  const pid = spawn();
  const child = await until(() => Number(log().trim()), "the worker to have a child");
  expect(processEntry(pid)?.group).toBe(pid);
  expect(processEntry(child)?.group).toBe(pid);
  processes.drain(HELLO);
  await until(() => exits.length === 1, "the worker to end");
  expect(exits[0]).toMatchObject({ signal: "SIGTERM" });
  await until(() => !isRunning(child, undefined), "the child to end");
});

test.skipIf(!HAS_PROC)("a killed worker takes its group with it", async () => {
  const { processes, exits, spawn } = workers("trap '' TERM; sleep 1000 & echo $!; wait");
  spawn();
  const child = await until(() => Number(log().trim()), "the worker to have a child");
  processes.kill(HELLO);
  await until(() => exits.length === 1 && !isRunning(child, undefined), "both to end");
  expect(exits[0]).toMatchObject({ signal: "SIGKILL" });
});

/**
 * A process that is no child of this one, as a worker is after the death of its agent. The script shall not end in a command
 * that the shell executes in its own place: for a moment such a process has no environment that can be looked at.
 */
async function foreign(script: string, instance = "hello@1"): Promise<number> {
  const sh = Bun.spawn([
    "sh",
    "-c",
    `setsid sh -c "$0" worker ${instance.replace("@", " ")} 3 ${SHA256}` + " </dev/null >/dev/null & echo $!",
    script,
  ], {
    env: { ...process.env, CELL_HOME: home, CELL_INSTANCE: instance },
    stdout: "pipe",
  });
  const pid = Number(await sh.stdout.text());
  await sh.exited;
  started.push(pid);
  const isWorker = (found: { pid: number; group: number; command: readonly string[] }) =>
    found.pid === pid && found.group === pid && found.command[0] === "sh";
  await until(() => instanceProcesses(home).some(isWorker), "the worker to lead its group");
  return pid;
}

test.skipIf(!HAS_PROC)("the end of an adopted worker is noticed, though nobody sees how it ended", async () => {
  const { processes, exits } = workers("");
  const pid = await foreign("sleep 1000 & wait");
  processes.adopt(HELLO, pid);
  expect(processes.pidOf(HELLO)).toBe(pid);
  expect(exits).toEqual([]);
  process.kill(pid, "SIGKILL");
  await until(() => exits.length === 1, "the end to be noticed");
  expect(exits).toEqual([{ pid, code: null, signal: null }]);
  expect(processes.size).toBe(0);
});

test.skipIf(!HAS_PROC)(
  "workers without a name and what a dead worker left are found; everything else is not",
  async () => {
    const worker = await foreign("sleep 1000 & wait");
    const dead = await foreign("sleep 1002 & sleep 1003; true", "hello@2");
    const daemon = await foreign("sleep 1002 & wait");
    const sleepersOf = (leader: number) =>
      instanceProcesses(home).filter(({ group, command }) => group === leader && command[0] === "sleep").length;
    await until(() => sleepersOf(daemon) === 1, "the daemon to be there");
    process.kill(daemon, "SIGKILL");
    await until(() => !isRunning(daemon, undefined), "the leader of the daemon's session to end");
    await until(() => sleepersOf(dead) === 2, "it to have children");
    process.kill(dead, "SIGKILL");
    const shell = Bun.spawn(["sh", "-c", "sleep 1004; true"], {
      env: { ...process.env, CELL_INSTANCE: "hello@1" },
      detached: true,
    });
    const elsewhere = Bun.spawn(["sh", "-c", "sleep 1005; true", "worker", "hello", "1", "3", SHA256], {
      env: { ...process.env, CELL_HOME: "/elsewhere", CELL_INSTANCE: "hello@1" },
      detached: true,
    });
    started.push(shell.pid, elsewhere.pid);
    for (const [place, { pid }] of [[home, shell], ["/elsewhere", elsewhere]] as const) {
      await until(() => instanceProcesses(place).some((found) => found.pid === pid), "the others to be there");
    }
    const found = await until(() => {
      const leftovers = findLeftovers(home, new Set());
      return leftovers.orphans.length === 2 ? leftovers : undefined;
    }, "the orphans to be orphans");
    expect(found.workers.map(({ pid, release, instance }) => ({ pid, release, instance })))
      .toEqual([{ pid: worker, release: 3, instance: "hello@1" }]);
    expect(found.orphans.map(({ group }) => group)).toEqual([dead, dead]);
    const others = findLeftovers(home, new Set([worker]));
    expect(others.workers).toEqual([]);
    expect(others.orphans.map(({ pid }) => pid)).toEqual(found.orphans.map(({ pid }) => pid));
    killOrphans(found.orphans);
    await until(() => found.orphans.every(({ pid }) => !isRunning(pid, undefined)), "the orphans to end");
    for (const pid of [worker, shell.pid, elsewhere.pid]) expect(isRunning(pid, undefined)).toBe(true);
  },
);

test.skipIf(!HAS_PROC)("a worker that is seen off ends by itself, and then its group", async () => {
  const [go, ended] = [join(folder, "go"), join(folder, "ended")];
  const worker = await foreign(`sleep 1000 & until [ -e ${go} ]; do sleep 0.01; done; : > ${ended}`);
  const [found] = findLeftovers(home, new Set()).workers;
  const seen = seeOff(found!);
  writeFileSync(go, "");
  await seen;
  expect(existsSync(ended)).toBe(true);
  expect(isRunning(worker, undefined)).toBe(false);
  await until(() => findLeftovers(home, new Set()).orphans.length === 0, "its child to end");
});

test.skipIf(!HAS_PROC)("a process group that the shell of a worker made for a job is its worker's", async () => {
  const script = "set -m; true | sleep 1006 & echo; wait";
  const worker = await foreign(`bash -c '${script}' & wait`);
  const job = () => instanceProcesses(home).find(({ command }) => command[1] === "1006");
  await until(() => job() !== undefined && !isRunning(job()!.group, undefined), "the job's leader to end");
  expect(findLeftovers(home, new Set([worker])).orphans).toEqual([]);
  process.kill(worker, "SIGKILL");
  await until(() => !isRunning(worker, undefined), "the worker to end");
  killOrphans(findLeftovers(home, new Set()).orphans);
  await until(() => job() === undefined, "the job to end with its worker");
});

test.skipIf(!HAS_PROC)("who has got the pid of a worker that ended is left alone, and is no worker", async () => {
  const pid = await foreign("sleep 1000 & wait");
  const { startTicks } = identityOf(pid);
  const before = { pid, startTicks: startTicks! - 1 };
  killGroup(before);
  askToEnd(before);
  await seeOff(before);
  expect(isRunning(pid, startTicks)).toBe(true);
  expect(mayBeWorkerOf("hello@1", pid)).toBe(true);
  expect(mayBeWorkerOf("hello@2", pid)).toBe(false);
  expect(mayBeWorkerOf("hello@1", process.pid)).toBe(false);
});

test.skipIf(!HAS_PROC)(
  "a worker that holds its name is found by the lock, whoever only has the pid in it is not",
  async () => {
    const { findWorkers } = await import("../adoption.ts");
    const claim = await claimInstance("hello", 1, { species: "0123456789abcdef", release: 3 });
    expect(findWorkers(home, 1000)).toEqual({ workers: [], leaving: [] });
    const pid = await foreign("sleep 1000 & wait");
    writeFileSync(claim.lockFd, `${JSON.stringify({ pid, species: "0123456789abcdef", release: 3 })}\n`);
    expect(findWorkers(home, 1000)).toEqual({
      workers: [{ id: HELLO, release: 3, species: "0123456789abcdef", pid }],
      leaving: [],
    });
    claim.release();
  },
);
