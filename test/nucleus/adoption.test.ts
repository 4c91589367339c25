import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, processesOf, until } from "../harness/mod.ts";
import { HAS_PROC, isAlive, NodeMachine, zombiesOf } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const SERVICE = `
export function pid(): number { return process.pid; }
/** Starts a child; returns whose child that is. */
export function breed(): number { Bun.spawn(["sh", "-c", "sleep 1000; true"]); return process.pid; }
export async function nap(ms: number): Promise<number> { await Bun.sleep(ms); return process.pid; }
`;
/** How often an agent executes its binary in one test. */
const EXECUTIONS = 4;

async function killAgent(machine: NodeMachine): Promise<void> {
  const { pid } = await machine.status();
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid), "the agent to end");
}

test("an agent that is executed anew again and again keeps pid, lock, workers, and opens nothing more each time", async () => {
  await using machine = await NodeMachine.up({ heartbeat: "250ms" });
  await machine.deploy("kept", SERVICE, ["--instances", "2"]);
  const workers = await machine.pids("kept");
  const { pid } = await machine.status();
  const openFiles: number[] = [];
  for (let count = 0; count < EXECUTIONS; count++) {
    const { startedAt } = await machine.status();
    // Two at once are one too many: the second one must not end the agent.
    process.kill(pid, "SIGHUP");
    process.kill(pid, "SIGHUP");
    await until(async () => {
      const status = await machine.status().catch(() => undefined);
      return status !== undefined && status.startedAt.getTime() !== startedAt.getTime();
    }, "the agent to be executed anew");
    await machine.untilUp("kept", 2);
    expect((await machine.status()).pid).toBe(pid);
    const rival = await machine.cell(["nucleus"]);
    expect(rival.exit).toBe(1);
    expect(rival.stderr).toContain(String(pid));
    if (HAS_PROC) openFiles.push(readdirSync(`/proc/${pid}/fd`).filter((fd) => isLock(machine, pid, fd)).length);
  }
  expect(await machine.pids("kept")).toEqual(workers);
  if (HAS_PROC) expect(openFiles).toEqual(openFiles.map(() => 1));
  // What the program before has started is what this one restarts.
  process.kill(workers[0]!, "SIGKILL");
  await machine.untilInstances("kept", "a new process", (all) => all[0]?.state === "up" && all[0].pid !== workers[0]);
  expect(await machine.pids("kept")).toContain(workers[1]!);
  if (HAS_PROC) await until(() => zombiesOf(pid).length === 0, "no zombie to be left");
  await machine.ok(["down"]);
  expect(readdirSync(join(machine.home, "run"))).toEqual([]);
});

/** An agent whose next program is a script of bash that does something before it executes the binary. */
async function executedBy(machine: NodeMachine, lines: (agent: number, worker: number) => string): Promise<void> {
  const installed = join(machine.folder, "cell");
  copyFileSync(BINARY, installed);
  chmodSync(installed, 0o755);
  await machine.ok(["up"], { command: [installed] });
  await machine.deploy("kept", SERVICE, ["--instances", "2"]);
  const [worker] = await machine.pids("kept");
  const { pid } = await machine.status();
  const script = `#!/usr/bin/env bash\nif [ "$1" = nucleus ]; then ${lines(pid, worker!)}; fi\nexec ${BINARY} "$@"\n`;
  writeFileSync(`${installed}.new`, script, { mode: 0o755 });
  renameSync(`${installed}.new`, installed);
  await machine.ok(["restart", "nucleus"]);
}

test.skipIf(!HAS_PROC)("a worker that dies while the agent is being executed anew leaves no zombie", async () => {
  await using machine = new NodeMachine();
  let victim = 0;
  await executedBy(machine, (_agent, worker) => `kill -9 ${victim = worker}`);
  await machine.untilInstances(
    "kept",
    "a new process",
    (all) => all.length === 2 && all.every(({ state }) => state === "up") && all[0]!.pid !== victim,
  );
  const { pid } = await machine.status();
  await until(() => zombiesOf(pid).length === 0, "no zombie to be left");
});

test.skipIf(!HAS_PROC)(
  "a SIGTERM that comes while the agent is being executed anew drains it like any other",
  async () => {
    await using machine = new NodeMachine();
    let agent = 0;
    await executedBy(machine, (pid) => `kill ${agent = pid}`);
    await until(() => !isAlive(agent), "the agent to end");
    expect(processesOf(machine.home)).toEqual([]);
  },
);

/** Whether a descriptor of the agent is the lock of its name. */
function isLock(machine: NodeMachine, pid: number, fd: string): boolean {
  const path = Bun.spawnSync(["readlink", `/proc/${pid}/fd/${fd}`]).stdout.toString().trim();
  return path === join(machine.home, "run/nucleus.lock");
}

test.skipIf(!HAS_PROC)(
  "children whose worker died while no agent was there are ended by the next one, and only those",
  async () => {
    await using machine = await NodeMachine.up();
    await machine.deploy("family", SERVICE, ["--instances", "2"]);
    const parents = new Set<number>();
    const client = await machine.connect("family");
    await until(async () => {
      parents.add(await client.call("breed", []) as number);
      return parents.size === 2;
    }, "both instances to have been called");
    const [dead, living] = await machine.pids("family");
    // A process has its environment only when it has become another program.
    const childrenIn = (group: number) =>
      until(() => {
        const found = processesOf(machine.home).filter((pid) => groupOf(pid) === group && pid !== group);
        return found.length > 0 ? found : undefined;
      }, "the children to run");
    const orphans = await childrenIn(dead!);
    const others = await childrenIn(living!);
    await killAgent(machine);
    process.kill(dead!, "SIGKILL");
    await until(() => !isAlive(dead!), "the worker to end");
    expect(orphans.every(isAlive)).toBe(true);
    await machine.ok(["up"]);
    await until(() => !orphans.some(isAlive), "the orphans to end");
    await machine.untilUp("family", 2);
    expect(others.every(isAlive)).toBe(true);
    expect(await machine.pids("family")).toContain(living!);
  },
);

function groupOf(pid: number): number {
  return Number(Bun.spawnSync(["ps", "-o", "pgid=", "-p", String(pid)]).stdout.toString());
}

test("workers of a service that the state does not know are drained: their calls end first", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("kept", SERVICE);
  await machine.ok(["down"]);
  const state = join(machine.home, "state.db");
  copyFileSync(state, `${machine.folder}/backup.db`);
  await machine.ok(["up"]);
  await machine.deploy("lost", SERVICE);
  const [lost] = await machine.pids("lost");
  const client = await machine.connect("lost");
  expect(await client.call("pid", [])).toBe(lost!);
  const nap = client.call("nap", [1000]);
  await killAgent(machine);
  // A backup of before takes the place of the state.
  for (const suffix of ["", "-wal", "-shm"]) rmSync(state + suffix, { force: true });
  copyFileSync(`${machine.folder}/backup.db`, state);
  await machine.ok(["up"]);
  expect(await nap).toBe(lost!);
  await until(() => !isAlive(lost!), "the worker that nobody wants to end");
  await machine.untilUp("kept", 1);
  expect((await machine.status()).services.map(({ name }) => name)).toEqual(["kept"]);
  expect(existsSync(join(machine.home, "run/lost@1.sock"))).toBe(false);
});

test("who is no worker cannot register as one, and an unknown heartbeat is told to register", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("kept", SERVICE);
  const [instance] = await machine.untilUp("kept", 1);
  const { number, release, species } = instance!;
  const nucleus = await machine.connect("nucleus");
  const registration = { service: "kept", number, release, species, pid: process.pid, startedAt: new Date() };
  for (const wrong of [registration, { ...registration, number: 7 }, { ...registration, service: "other" }]) {
    await expect(nucleus.call("register", [wrong])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  }
  const load = { ...instance!.load ?? EMPTY, calls: 1e6 };
  for (const name of ["kept@1", "kept@7", "other@1", "kept", "", "kept@x"]) {
    const heartbeat = { instance: name, pid: process.pid, load };
    await expect(nucleus.call("heartbeat", [heartbeat])).rejects.toMatchObject({ code: "NOT_FOUND" });
  }
  expect(await machine.untilUp("kept", 1)).toMatchObject([{ pid: instance!.pid, restarts: 0 }]);
});

const EMPTY = {
  inFlight: 0,
  calls: 0,
  errors: 0,
  callsPerSecond: 0,
  p50Micros: null,
  p99Micros: null,
  memoryBytes: 0,
  cpuShare: 0,
  eventLoopLagMs: 0,
};
