import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { InstanceStatus } from "../../lib/nucleus/client/mod.ts";
import { processesOf, until } from "../harness/mod.ts";
import { factsOf, HAS_PROC, isAlive, NodeMachine, openFile, zombiesOf } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Whatever can happen to a process, on request. */
const FRAGILE = `
import { existsSync } from "node:fs";
export function pid(): number { return process.pid; }
export function die(code: number): void { setTimeout(() => process.exit(code), 1); }
export function block(ms: number): void { const end = performance.now() + ms; while (performance.now() < end); }
export function blockUntil(path: string): void { while (!existsSync(path)); }
export function breed(): number { return Bun.spawn(["sh", "-c", "sleep 1000; true"]).pid; }
export function environment(): string[] { return Object.keys(process.env).sort(); }
export async function input(): Promise<string> { return await Bun.stdin.text(); }
export function folder(): string { return process.cwd(); }
`;

/** Giving up on it takes half a minute, in which the other tests run. */
const STUCK = `
export function never(): void {}
console.log("waiting for a database");
await new Promise(() => setInterval(() => {}, 1000));
`;
const BUSY = `
export async function nap(ms: number): Promise<number> { await Bun.sleep(ms); return ms; }
export function never(): Promise<void> { return new Promise(() => {}); }
`;

/** A worker has 30 s to start; the rest is for a machine that is busy. */
const GIVE_UP_MS_MAX = 90_000;

let machine: NodeMachine;
/** The first process of the service that never registers. */
let stuck: InstanceStatus;

beforeAll(async () => {
  machine = await NodeMachine.up({ heartbeat: "250ms", env: { SECRET: "of the agent", LC_TIME: "C" } });
  await machine.ok(["deploy", machine.write("stuck.ts", STUCK), "--detach"]);
  [stuck] = await machine.untilInstances("stuck", "a process", ([one]) => one?.pid != null) as [InstanceStatus];
  await machine.deploy("fragile", FRAGILE);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** Waits until another process than `pid` serves in the instance's place. */
async function replaced(service: string, pid: number | null): Promise<InstanceStatus> {
  const [one] = await machine.untilInstances(
    service,
    `a new process in the place of ${pid}`,
    ([first]) => first?.state === "up" && first.pid !== pid,
  );
  return one!;
}

const logs = async (service: string): Promise<string> => (await machine.ok(["logs", service])).stdout;

test("a worker has no input, a folder of its own, and only the environment that it needs", async () => {
  expect(await machine.call<string>("fragile", "input")).toBe("");
  expect(await machine.call<string>("fragile", "folder")).toBe(`${machine.home}/data/fragile`);
  const names = await machine.call<string[]>("fragile", "environment");
  const allowed = ["CELL_HOME", "CELL_INSTANCE", "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER"];
  expect(names).toContain("LC_TIME");
  expect(names.filter((name) => !name.startsWith("LC_") && !allowed.includes(name))).toEqual([]);
});

test("a worker reports its load with every heartbeat", async () => {
  for (let count = 0; count < 5; count++) await machine.ok(["call", "fragile", "block", "20"]);
  const [one] = await machine.untilInstances(
    "fragile",
    "its calls to be reported",
    ([{ load } = {} as InstanceStatus]) => (load?.calls ?? 0) >= 5 && load!.inFlight === 0,
  );
  const { p50Micros, p99Micros, memoryBytes, cpuShare, eventLoopLagMs, errors } = one!.load!;
  expect(p50Micros).toBeGreaterThan(0);
  expect(p99Micros).toBeGreaterThan(10_000);
  expect(memoryBytes).toBeGreaterThan(2 ** 20);
  expect(cpuShare).toBeGreaterThanOrEqual(0);
  expect(eventLoopLagMs).toBeGreaterThanOrEqual(0);
  expect(errors).toBe(0);
});

test.skipIf(!HAS_PROC)("a worker leads a session and a group of its own", async () => {
  const [pid] = await machine.pids("fragile");
  expect(factsOf(pid!)).toMatchObject({ group: pid, session: pid });
  expect(openFile(pid!, 0)).toBe("/dev/null");
});

test("an exit and a signal are told apart, and each is followed by a fresh process", async () => {
  const [first] = await machine.instances("fragile");
  await machine.ok(["call", "fragile", "die", "3"]);
  const second = await replaced("fragile", first!.pid);
  expect(second.restarts).toBe(first!.restarts + 1);
  expect(await logs("fragile")).toMatch(/exited with code 3/);

  process.kill(second.pid!, "SIGKILL");
  const third = await replaced("fragile", second.pid);
  expect(third.restarts).toBe(second.restarts + 1);
  expect(await logs("fragile")).toContain("SIGKILL");
  expect(third.number).toBe(first!.number);
});

test("a worker that hangs is killed with its children and replaced", async () => {
  const [hung] = await machine.instances("fragile");
  const child = await machine.call<number>("fragile", "breed");
  expect(isAlive(child)).toBe(true);
  process.kill(hung!.pid!, "SIGSTOP");
  const next = await replaced("fragile", hung!.pid);
  expect(next.restarts).toBe(hung!.restarts + 1);
  await until(async () => (await logs("fragile")).includes("ping"), "the reason in the log");
  expect(isAlive(hung!.pid!)).toBe(false);
  await until(() => !isAlive(child), "the child of the hung worker to end");
});

test("the children of a worker die with it, however it ends", async () => {
  await machine.deploy("parent", FRAGILE);
  for (const end of ["killed", "exits", "restarted", "scaled"]) {
    const [worker] = await machine.untilUp("parent", 1);
    const child = await machine.call<number>("parent", "breed");
    if (end === "killed") process.kill(worker!.pid!, "SIGKILL");
    if (end === "exits") await machine.ok(["call", "parent", "die", "0"]);
    if (end === "restarted") await machine.ok(["restart", "parent"]);
    if (end === "scaled") await machine.ok(["scale", "parent", "0"]);
    await until(() => !isAlive(child), `the child to end when its worker is ${end}`);
    if (end === "scaled") await machine.ok(["scale", "parent", "1"]);
    await replaced("parent", worker!.pid);
  }
  await machine.ok(["rm", "parent"]);
});

test("a busy event loop makes an instance degraded, and it recovers without a restart", async () => {
  const [before] = await machine.untilUp("fragile", 1);
  const blocked = machine.ok(["call", "fragile", "blockUntil", "enough"]);
  await machine.untilInstances("fragile", "to be degraded", ([one]) => one?.state === "degraded");
  expect((await machine.cell(["health"])).exit).toBe(1);
  writeFileSync(`${machine.home}/data/fragile/enough`, "");
  await blocked;
  const [after] = await machine.untilUp("fragile", 1);
  expect(after).toMatchObject({ pid: before!.pid, restarts: before!.restarts });
});

test("a service that fails to start is a crash loop after a bound, with the reason and its last lines", async () => {
  const broken = machine.write(
    "broken.ts",
    `export function f(): string { return ""; }\nconsole.log("looking for the ledger");\nthrow new Error("no ledger on this board");`,
  );
  const deployed = await machine.cell(["deploy", broken]);
  expect(deployed.exit).toBe(1);
  expect(deployed.stderr).toContain("no ledger on this board");
  const [looping] = await machine.untilInstances(
    "broken",
    "to be a crash loop",
    ([one]) => one?.state === "crash-looping",
  );
  expect(looping!.pid).toBeNull();

  const shown = (await machine.ok(["ps"])).stdout;
  expect(shown).toContain("crash-looping");
  expect(shown).toContain("no ledger on this board");
  const health = await machine.cell(["health"]);
  expect(health.exit).toBe(1);
  expect(health.stdout + health.stderr).toContain("broken");
  // Who calls it is told why, instead of waiting for an instance that will not come.
  const call = await machine.cell(["call", "broken", "f", "--timeout", "60s"]);
  expect(call.exit).not.toBe(0);
  expect(call.stderr).not.toContain("DEADLINE_EXCEEDED");

  // A version that works ends the loop.
  await machine.deploy("broken", `export function f(): string { return "mended"; }`);
  expect(await machine.call<string>("broken", "f")).toBe("mended");
  await machine.ok(["rm", "broken"]);
});

test("a crash loop tries again when it is restarted by hand", async () => {
  const file = `${machine.home}/data/moody/fine`;
  const source = `
    import { existsSync } from "node:fs";
    if (!existsSync("fine")) throw new Error("not yet");
    export function f(): string { return "fine"; }`;
  expect((await machine.cell(["deploy", machine.write("moody.ts", source)])).exit).toBe(1);
  await machine.untilInstances("moody", "to be a crash loop", ([one]) => one?.state === "crash-looping");
  await Bun.write(file, "");
  await machine.ok(["restart", "moody"]);
  await machine.untilUp("moody", 1);
  expect(await machine.call<string>("moody", "f")).toBe("fine");
  await machine.ok(["rm", "moody"]);
});

test("SIGTERM of the agent lets calls finish and ends within a bound those that never do", async () => {
  await using node = new NodeMachine();
  const agent = node.start(["nucleus"]);
  await until(() => node.status().catch(() => undefined), "the agent to answer");
  await node.deploy("busy", BUSY, ["--instances", "2"]);
  const client = await node.connect("busy", { timeoutMs: 60_000 });
  // Workers give their calls 8 seconds, which the other one takes anyway.
  const nap = client.call("nap", [6000]);
  const never = client.call("never", []).then(() => "answered", () => "failed");
  await until(async () => {
    const rows = await node.json<{ service: string; inFlight: number }[]>(["ps", "--json"]);
    return rows.filter(({ service }) => service === "busy").reduce((sum, { inFlight }) => sum + inFlight, 0) >= 2;
  }, "both calls to be in flight");
  agent.signal("SIGTERM");
  expect(await nap).toBeGreaterThan(0);
  expect(await agent.exited()).toBe(0);
  expect(await never).toBe("failed");
  expect(processesOf(node.home)).toEqual([]);
});

test("a worker that never registers is given up after its time, and the reason is not an exit", async () => {
  const [next] = await machine.untilInstances(
    "stuck",
    "another attempt",
    ([one]) => one !== undefined && one.restarts > stuck.restarts,
    GIVE_UP_MS_MAX,
  );
  expect(isAlive(stuck.pid!)).toBe(false);
  const said = await logs("stuck");
  expect(said).toContain("waiting for a database");
  expect(said).toContain("failed to start");
  expect(next!.state).not.toBe("up");
  await machine.ok(["rm", "stuck"]);
});

test.skipIf(!HAS_PROC)("no zombie is left of all these", async () => {
  const { pid } = await machine.status();
  await until(() => zombiesOf(pid).length === 0, "the agent to wait for its children");
});
