import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { connectNucleus, type NodeStatus } from "../../lib/nucleus/client/mod.ts";
import { processesOf, until } from "../harness/mod.ts";
import { isAlive, NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const RIVALS = 6;

test("the agent in the foreground is the only one of its home, until it dies in whatever way", async () => {
  await using machine = new NodeMachine();
  const agent = machine.start(["nucleus"]);
  const { pid } = await until(() => machine.status().catch(() => undefined), "the agent to answer");
  expect(pid).toBe(agent.pid);

  const second = await machine.cell(["nucleus"]);
  expect(second.exit).toBe(1);
  expect(second.stderr).toContain(String(agent.pid));
  expect(second.stderr).toContain(machine.home);
  expect((await machine.status()).pid).toBe(agent.pid);

  await agent.kill();
  const successor = machine.start(["nucleus"]);
  await until(async () => (await machine.status().catch(() => undefined))?.pid === successor.pid, "the next agent");
  successor.signal("SIGTERM");
  expect(await successor.exited()).toBe(0);
  expect((await machine.cell(["status"])).exit).not.toBe(0);
});

test("of agents that start at the same instant one runs, and the others say which", async () => {
  await using machine = new NodeMachine();
  const rivals = Array.from({ length: RIVALS }, () => machine.start(["nucleus"]));
  const { pid } = await until(() => machine.status().catch(() => undefined), "an agent to answer");
  expect(rivals.map((rival) => rival.pid)).toContain(pid);
  const losers = rivals.filter((rival) => rival.pid !== pid);
  expect(await Promise.all(losers.map((loser) => loser.exited()))).toEqual(losers.map(() => 1));
  for (const loser of losers) expect(loser.stderr).toContain(String(pid));
  expect(processesOf(machine.home)).toEqual([pid]);
});

test("up returns when the agent answers, and finds the one that runs, however many start it at once", async () => {
  await using machine = new NodeMachine();
  const ups = await Promise.all(Array.from({ length: RIVALS }, () => machine.cell(["up"])));
  expect(ups.map(({ exit, stderr }) => ({ exit, stderr: exit === 0 ? "" : stderr })))
    .toEqual(ups.map(() => ({ exit: 0, stderr: "" })));
  const { pid } = await machine.json<NodeStatus>(["status", "--json"]);
  expect(processesOf(machine.home)).toEqual([pid]);
  await machine.ok(["up"]);
  expect((await machine.status()).pid).toBe(pid);
});

test("down ends the services, then the agent, and is content when nothing runs", async () => {
  await using machine = await NodeMachine.up();
  await machine.deploy("hello", `export function greet(): string { return "hello"; }`, ["--instances", "2"]);
  const { pid } = await machine.status();
  const workers = await machine.pids("hello");
  expect(workers.every(isAlive)).toBe(true);
  await machine.ok(["down"]);
  expect([pid, ...workers].filter(isAlive)).toEqual([]);
  expect(processesOf(machine.home)).toEqual([]);
  await machine.ok(["down"]);

  // What was deployed is there again after the next start.
  await machine.ok(["up"]);
  await machine.untilUp("hello", 2);
  expect(await machine.call<string>("hello", "greet")).toBe("hello");
});

test("status and health say what runs, to people and to programs", async () => {
  await using machine = new NodeMachine();
  const dead = await machine.cell(["health"]);
  expect(dead.exit).toBe(1);
  expect(dead.stdout + dead.stderr).toContain("cell up");
  expect((await machine.cell(["status"])).exit).not.toBe(0);

  await machine.ok(["init", "--node-id", "board-7"]);
  await machine.ok(["up"]);
  await machine.ok(["health"]);
  await machine.deploy("hello", `export function greet(): string { return "hello"; }`);
  const status = await machine.json<Record<string, unknown>>(["status", "--json"]);
  const version = (await machine.ok(["--version"])).stdout;
  expect(version).toContain(String(status["version"]));
  expect(Object.keys(status)).toEqual(expect.arrayContaining(["node", "pid", "version", "services"]));
  expect(status).toMatchObject({ node: "board-7", pid: (await machine.status()).pid });
  expect(JSON.stringify(status["services"])).toContain('"hello"');
  const shown = (await machine.ok(["status"])).stdout;
  for (const part of ["board-7", String(status["pid"]), "hello"]) expect(shown).toContain(part);
});

test("init lays the home out once and changes nothing the second time", async () => {
  await using machine = new NodeMachine();
  await machine.ok(["init", "--node-id", "seven"]);
  const settings = readFileSync(join(machine.home, "node.toml"), "utf8");
  expect(settings).toContain("seven");
  await machine.ok(["init"]);
  await machine.ok(["init", "--node-id", "seven"]);
  expect(readFileSync(join(machine.home, "node.toml"), "utf8")).toBe(settings);
  await machine.ok(["up"]);
  await machine.ok(["init"]);
  expect((await machine.status()).node).toBe("seven");
});

test("a home may be given by a relative path and have any name", async () => {
  await using machine = new NodeMachine();
  const relative = { cwd: dirname(machine.folder), env: { CELL_HOME: `${basename(machine.folder)}/home` } };
  await machine.ok(["up"], relative);
  const source = machine.write("hello.ts", `export function home(): string { return process.env["CELL_HOME"]!; }`);
  await machine.ok(["deploy", source], relative);
  expect(await machine.call<string>("hello", "home")).toBe(machine.home);
  await machine.ok(["down"], relative);
  expect(processesOf(machine.home)).toEqual([]);

  const odd = { CELL_HOME: join(machine.folder, 'it\'s a "home" $1 ü') };
  await machine.ok(["up"], { env: odd });
  try {
    await machine.ok(["deploy", source], { env: odd });
    expect((await machine.ok(["call", "hello", "home", "--raw"], { env: odd })).stdout).toBe(`${odd.CELL_HOME}\n`);
  } finally {
    await machine.ok(["down"], { env: odd });
  }
});

test("the agent is a service: it describes itself and answers calls", async () => {
  await using machine = await NodeMachine.up();
  const described = await machine.ok(["describe", "nucleus"]);
  for (const method of ["status", "deploy", "scale", "activate"]) expect(described.stdout).toContain(method);
  const status = await machine.call<{ node: string; pid: number }>("nucleus", "status");
  expect(status).toMatchObject({ node: "test", pid: (await machine.status()).pid });
  const script = machine.write(
    "script.ts",
    `import { status } from "cell:nucleus";\nconsole.log((await status()).node);`,
  );
  expect((await machine.ok(["run", script])).stdout).toBe("test\n");
});

const python = Bun.which("python3");

test.skipIf(python === null)("another language asks the agent with nothing but the protocol", async () => {
  await using machine = await NodeMachine.up();
  const client = Bun.spawn([
    python!,
    join(import.meta.dir, "../clients/python_client.py"),
    join(machine.home, "run/nucleus.sock"),
  ], {
    stdin: new Blob(['{"do":"call","method":"status","args":[],"deadline":60000}\n']),
    stdout: "pipe",
    stderr: "inherit",
  });
  const answer = await client.stdout.text();
  expect(await client.exited).toBe(0);
  expect(answer).toContain('"test"');
});

test("who asks an agent that was killed is told that none runs", async () => {
  await using machine = await NodeMachine.up();
  await using nucleus = await connectNucleus();
  const { pid } = await nucleus.status();
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid), "the agent to end");
  await expect(nucleus.status()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    retryable: false,
    message: expect.stringContaining("cell up"),
  });
  expect((await machine.cell(["up"])).exit).toBe(0);
});

test("down without an agent drains what an agent left, and returns when that has ended", async () => {
  await using machine = await NodeMachine.up({ heartbeat: "250ms" });
  await machine.deploy(
    "left",
    `import { existsSync, writeFileSync } from "node:fs";
    process.on("SIGTERM", () => writeFileSync("told", ""));
    export async function hold(until: string): Promise<string> {
      while (!existsSync(until)) await Bun.sleep(10);
      return until;
    }`,
  );
  const client = await machine.connect("left");
  const held = client.call("hold", ["enough"]);
  await machine.untilInstances("left", "to be called", ([one]) => (one?.load?.inFlight ?? 0) > 0);
  process.kill((await machine.status()).pid, "SIGKILL");
  const down = machine.ok(["down"]);
  await until(() => existsSync(join(machine.home, "data/left/told")), "the worker to be told to end");
  writeFileSync(join(machine.home, "data/left/enough"), "");
  await down;
  expect(processesOf(machine.home)).toEqual([]);
  expect(await held).toBe("enough");
});
