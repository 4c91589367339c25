import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectService } from "../../lib/service/mod.ts";
import { isAlive, NodeMachine } from "./harness/mod.ts";
import { until } from "../harness/mod.ts";

setDefaultTimeout(120_000);

const CALLERS = 100;
const IDLE_MS = 500;

/** Notes every start in a file of its folder. */
const SLEEPER = `
import { appendFileSync, existsSync } from "node:fs";
appendFileSync("starts", process.pid + "\\n");
export function pid(): number { return process.pid; }
/** Answers when there is a file of this name. */
export async function hold(until: string): Promise<number> {
  while (!existsSync(until)) await Bun.sleep(10);
  return process.pid;
}
`;

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up({ heartbeat: "250ms" });
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

const startsOf = (service: string): string[] =>
  readFileSync(join(machine.home, "data", service, "starts"), "utf8").trim().split("\n");

async function asleep(service: string): Promise<void> {
  await machine.untilInstances(service, "no process to be left", (all) => all.every(({ pid }) => pid === null));
}

test("a hundred calls at once start one instance, and all are answered", async () => {
  await machine.deploy("sleeper", SLEEPER, ["--instances", "0"]);
  await asleep("sleeper");
  rmSync(join(machine.home, "data/sleeper/starts"), { force: true });
  const clients = await Promise.allSettled(Array.from({ length: CALLERS }, async () => {
    const client = await connectService("sleeper");
    try {
      return await client.call("pid", []);
    } finally {
      await client.close();
    }
  }));
  const failed = clients.filter(({ status }) => status === "rejected");
  expect(failed).toEqual([]);
  const pids = new Set(clients.map((settled) => settled.status === "fulfilled" ? settled.value : 0));
  expect(pids.size).toBe(1);
  expect(startsOf("sleeper")).toEqual([String([...pids][0])]);
});

test("a service wakes another one by importing it", async () => {
  await machine.ok(["scale", "sleeper", "0"]);
  await asleep("sleeper");
  await machine.deploy(
    "waker",
    `import { pid } from "cell:sleeper";\nexport async function wake(): Promise<number> { return await pid(); }`,
  );
  expect(await machine.call<number>("waker", "wake")).toBeGreaterThan(0);
  await machine.ok(["rm", "waker"]);
});

test("services that call a sleeping one while they start do not keep it from starting", async () => {
  await machine.deploy("settings", `export function color(): string { return "red"; }`, ["--instances", "0"]);
  const source = `import { color } from "cell:settings";
    const loaded = await color();
    export function shown(): string { return loaded; }`;
  await machine.deploy("early", source, ["--instances", "0"]);
  // Building it has asked for the types of what it imports.
  await machine.ok(["scale", "settings", "0"]);
  await asleep("settings");
  // More than may start at the same time.
  await machine.ok(["scale", "early", "10"]);
  const all = await machine.untilUp("early", 10);
  expect(all.map(({ restarts }) => restarts)).toEqual(all.map(() => 0));
  expect(await machine.call<string>("early", "shown")).toBe("red");
  await machine.ok(["rm", "early"]);
  await machine.ok(["rm", "settings"]);
});

test("a name that was never deployed is unknown at once, with near names", async () => {
  const unknown = await machine.cell(["call", "sleepr", "pid", "--timeout", "60s"]);
  expect(unknown.exit).toBe(3);
  expect(unknown.stderr).toContain("sleeper");
  await expect(connectService("sleepr").then((client) => client.call("pid", []))).rejects.toMatchObject({
    code: "NOT_FOUND",
    retryable: false,
  });
});

test("the caller's deadline holds while an instance starts", async () => {
  const slow = machine.write("slow.ts", `await Bun.sleep(20_000);\nexport function f(): void {}`);
  await machine.ok(["deploy", slow, "--instances", "0", "--detach"]);
  const late = await machine.cell(["call", "slow", "f", "--timeout", "500ms"]);
  expect(late.exit).toBe(4);
  expect(late.stderr).toContain("DEADLINE_EXCEEDED");
  await machine.ok(["rm", "slow"]);
});

test("a caller of a sleeping service that fails to start is told why", async () => {
  const sick = machine.write("sick.ts", `export function f(): void {}\nthrow new Error("the disk is on fire");`);
  await machine.ok(["deploy", sick, "--instances", "0", "--detach"]);
  const failed = await machine.cell(["call", "sick", "f", "--timeout", "60s"]);
  expect(failed.exit).not.toBe(0);
  expect(failed.stderr).not.toContain("DEADLINE_EXCEEDED");
  expect(failed.stderr).toContain("the disk is on fire");
  await machine.ok(["rm", "sick"]);
});

test("idle instances above the minimum stop, at a minimum of 0 all of them, and a call brings one back", async () => {
  await machine.deploy("lazy", SLEEPER, ["--instances", "3", "--min", "1", "--idle", `${IDLE_MS}ms`]);
  const three = await machine.pids("lazy");
  await machine.untilUp("lazy", 1);
  await until(() => three.filter(isAlive).length <= 1, "two of three processes to end");
  await machine.ok(["deploy", join(machine.folder, "lazy.ts"), "--min", "0"]);
  await asleep("lazy");
  expect(await machine.call<number>("lazy", "pid")).toBeGreaterThan(0);
  const service = (await machine.status()).services.find(({ name }) => name === "lazy");
  expect(service).toMatchObject({ minReplicas: 0, idleMs: IDLE_MS });
  await asleep("lazy");
  expect((await machine.status()).services.find(({ name }) => name === "lazy")?.state).toBe("idle");
  await machine.untilHealthy();
});

test("an instance that answers a long call is not idle", async () => {
  const held = machine.call<number>("lazy", "hold", "enough");
  const [called] = await machine.untilInstances(
    "lazy",
    "to be called",
    ([one]) => (one?.load?.inFlight ?? 0) > 0,
  );
  const busyAt = performance.now();
  const seen = new Set<string>();
  await until(async () => {
    for (const { state, pid } of await machine.instances("lazy")) seen.add(`${pid} ${state}`);
    return performance.now() - busyAt > 3 * IDLE_MS;
  }, "an idle instance to have been stopped");
  writeFileSync(join(machine.home, "data/lazy/enough"), "");
  expect(await held).toBe(called!.pid!);
  // One that is kept waiting for a core is degraded for a moment.
  const allowed = [`${called!.pid} up`, `${called!.pid} degraded`];
  expect([...seen].filter((one) => !allowed.includes(one))).toEqual([]);
  await machine.ok(["rm", "lazy"]);
});
