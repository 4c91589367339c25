import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, processesOf, until } from "../harness/mod.ts";
import { HAS_PROC, isAlive, Load, NodeMachine, zombiesOf } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const SERVICE = `
import { method } from "cell";
export function pid(): number { return process.pid; }
export async function nap(ms: number): Promise<number> { await Bun.sleep(ms); return process.pid; }
export const safe = method({ idempotent: true }, async (ms: number): Promise<string> => {
  await Bun.sleep(ms);
  return "done";
});
`;

test("kill -9 of the agent fails no call, and the next one adopts the workers as they are", async () => {
  await using machine = await NodeMachine.up({ heartbeat: "250ms" });
  await machine.deploy("steady", SERVICE, ["--instances", "3"]);
  const before = await machine.instances("steady");
  await using load = await Load.start("steady", { method: "pid" });
  const { pid: agent } = await machine.status();
  process.kill(agent, "SIGKILL");
  await until(() => !isAlive(agent), "the agent to end");
  await load.more(200);
  // Also callers that begin only now.
  expect(await machine.call<number>("steady", "pid")).toBeGreaterThan(0);
  expect((await machine.ok(["ps"])).stdout).toContain("steady@3");
  await machine.ok(["up"]);
  const after = await machine.untilUp("steady", 3);
  await load.more(200);
  await load.stop();
  expect(load.failures).toEqual([]);
  const facts = ({ instance, pid, restarts }: (typeof before)[number]) => ({ instance, pid, restarts });
  expect(after.map(facts)).toEqual(before.map(facts));
  await machine.untilHealthy();

  // Adopted workers are looked after like the agent's own, though they are not its children.
  const [first] = after;
  process.kill(first!.pid!, "SIGKILL");
  await machine.untilInstances(
    "steady",
    "a new process in the place of the adopted one",
    (all) => all.length === 3 && all.every(({ state }) => state === "up") && all[0]!.pid !== first!.pid,
  );

  // A worker that dies while no agent is there is missing to the next one.
  process.kill((await machine.status()).pid, "SIGKILL");
  const lost = after[1]!.pid!;
  process.kill(lost, "SIGKILL");
  await until(() => !isAlive(lost), "the worker to end");
  await machine.ok(["up"]);
  await machine.untilUp("steady", 3);
  expect(await machine.pids("steady")).not.toContain(lost);
});

test("kill -9 of one of two workers under load: idempotent calls are made again, others fail with UNAVAILABLE", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("pair", SERVICE, ["--instances", "2"]);
  await using safe = await Load.start("pair", { method: "safe", args: [5] });
  await using naps = await Load.start("pair", { method: "nap", args: [50] });
  for (let round = 0; round < 2; round++) {
    const [victim] = await machine.untilUp("pair", 2);
    process.kill(victim!.pid!, "SIGKILL");
    await machine.untilInstances(
      "pair",
      "two instances, one of them new",
      (all) => all.length === 2 && all.every(({ state, pid }) => state === "up" && pid !== victim!.pid),
    );
    await safe.more(50);
  }
  await safe.stop();
  await naps.stop();
  expect(safe.failures).toEqual([]);
  // At most what was in flight: 8 callers, twice. Whatever had not begun was made again.
  expect(naps.failures.filter((failure) => !failure.startsWith("UNAVAILABLE"))).toEqual([]);
  expect(naps.failures.length).toBeLessThanOrEqual(16);
  expect(naps.answered).toBeGreaterThan(0);
});

test("SIGTERM of a worker fails no call, and another one takes its place", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("pair", SERVICE, ["--instances", "2"]);
  await using load = await Load.start("pair", { method: "nap", args: [20] });
  const [first] = await machine.untilUp("pair", 2);
  process.kill(first!.pid!, "SIGTERM");
  await machine.untilInstances(
    "pair",
    "two instances, one of them new",
    (all) => all.length === 2 && all.every(({ state, pid }) => state === "up" && pid !== first!.pid),
  );
  await load.more(50);
  await load.stop();
  expect(load.failures).toEqual([]);
});

test("a new binary is taken over in place: same pid, same workers, no zombies", async () => {
  await using machine = new NodeMachine();
  const installed = join(machine.folder, "cell");
  const command = [installed];
  copyFileSync(BINARY, installed);
  chmodSync(installed, 0o755);
  await machine.ok(["up"], { command });
  await machine.ok(["deploy", machine.write("kept.ts", SERVICE), "--instances", "2"], { command });
  const { pid: agent } = await machine.status();
  const workers = await machine.pids("kept");
  await using load = await Load.start("kept", { method: "pid" });

  // A binary that does not run leaves the old agent in charge.
  const startedAt = async (): Promise<number> => (await machine.status()).startedAt.getTime();
  const first = await startedAt();
  renameSync(installed, `${installed}.old`);
  writeFileSync(installed, "this is not a program", { mode: 0o755 });
  expect((await machine.cell(["restart", "nucleus"])).exit).not.toBe(0);
  expect(await startedAt()).toBe(first);

  copyFileSync(BINARY, `${installed}.new`);
  chmodSync(`${installed}.new`, 0o755);
  renameSync(`${installed}.new`, installed);
  await machine.ok(["restart", "nucleus"]);
  await until(async () => (await startedAt().catch(() => first)) !== first, "the agent to be executed anew");
  expect((await machine.status()).pid).toBe(agent);
  if (HAS_PROC) expect(readlinkSync(`/proc/${agent}/exe`)).toBe(installed);
  await machine.untilUp("kept", 2);
  expect(await machine.pids("kept")).toEqual(workers);
  await load.more(100);
  await load.stop();
  expect(load.failures).toEqual([]);

  // A service manager's reload does the same.
  const second = await startedAt();
  process.kill(agent, "SIGHUP");
  await until(async () => (await startedAt().catch(() => second)) !== second, "the agent to be executed once more");
  await machine.untilUp("kept", 2);
  expect((await machine.status()).pid).toBe(agent);
  expect(await machine.pids("kept")).toEqual(workers);

  // The children of the program before are waited for by the one after.
  process.kill(workers[0]!, "SIGKILL");
  await machine.untilInstances("kept", "a new process", (all) => all[0]?.state === "up" && all[0].pid !== workers[0]);
  if (HAS_PROC) await until(() => zombiesOf(agent).length === 0, "no zombie to be left");
  await machine.ok(["down"]);
  expect(processesOf(machine.home)).toEqual([]);
});

test("services call each other while no agent is there", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("inner", SERVICE);
  await machine.deploy(
    "outer",
    `import { pid } from "cell:inner";\nexport async function ask(): Promise<number> { return await pid(); }`,
  );
  process.kill((await machine.status()).pid, "SIGKILL");
  const answers = [];
  for (let count = 0; count < 3; count++) answers.push(await machine.call<number>("outer", "ask"));
  expect(new Set(answers).size).toBe(1);
});
