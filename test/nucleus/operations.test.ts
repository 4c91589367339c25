import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { processesOf, until } from "../harness/mod.ts";
import { HAS_PROC, NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const GUIDE = readFileSync(join(import.meta.dir, "../../docs/operations.md"), "utf8");
const COMMANDS = [
  "init",
  "nucleus",
  "up",
  "down",
  "status",
  "health",
  "deploy",
  "scale",
  "stop",
  "restart",
  "rm",
  "swap",
  "ps",
  "logs",
  "top",
];
/** What a terminal is told to show what lies beneath again. */
const LEAVE_SCREEN = "\u001b[?1049l";

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up();
  await machine.deploy("hello", `export function greet(): string { return "hello"; }`, ["--instances", "2"]);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

test("every command explains itself, and the help and the completions know all of them", async () => {
  const help = (await machine.ok(["help", "commands"])).stdout;
  const completed = (await machine.ok(["__complete", "words", ""])).stdout.split("\n").map((line) =>
    line.split("\t")[0]
  );
  for (const command of COMMANDS) {
    expect(help).toContain(`  ${command}`);
    expect(completed).toContain(command);
    expect((await machine.ok([command, "--help"])).stdout).toContain(`cell ${command}`);
  }
});

test("names of deployed services are completed, running or not", async () => {
  await machine.deploy("dozing", `export function f(): void {}`, ["--instances", "0"]);
  const completed = (await machine.ok(["__complete", "words", "scale", ""])).stdout;
  for (const name of ["hello", "dozing"]) expect(completed).toContain(name);
  await machine.ok(["rm", "dozing"]);
});

const systemdAnalyze = Bun.which("systemd-analyze");

test.skipIf(systemdAnalyze === null)("the systemd unit of the guide is one that systemd understands", async () => {
  const [, unit = ""] = /```ini\n([\s\S]*?)```/.exec(GUIDE) ?? [];
  expect(unit).toContain("[Service]");
  // The binary and the user are not on every machine; everything else is to be understood.
  const here = unit.replaceAll("/usr/local/bin/cell", machine.binary).replace(/^User=.*$/m, "");
  const path = machine.write("cell-test.service", here);
  const checked = await machine.cell(["verify", path], { command: [systemdAnalyze!] });
  expect(checked.stderr.split("\n").filter((line) => line.includes("cell-test.service"))).toEqual([]);
});

test("doctor looks at what an agent needs, and a machine that runs one passes", async () => {
  const examine = () => machine.json<{ name: string; status: string; found: string }[]>(["doctor", "--json"]);
  const findings = await examine();
  expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
  expect(findings.find(({ name }) => name === "nucleus")?.found).toStartWith("running, node ");
  // The agent is none of them.
  const services = `${(await machine.instances()).length} running, all answer`;
  await until(async () => (await examine()).some(({ found }) => found === services), `doctor to find ${services}`);
});

test("the guide names whatever is in a home that is in use", () => {
  const found = readdirSync(machine.home).filter((name) => !name.startsWith("state.db-"));
  expect(found).toContain("state.db");
  for (const name of found) expect(GUIDE).toContain(`\`${name}`);
});

test("the agent's log is kept in the home and tells what happened", async () => {
  const log = readFileSync(join(machine.home, "logs/nucleus.log"), "utf8");
  expect(log).toContain("hello");
  expect(log).toMatch(/^\d{4}-\d\d-\d\dT/m);
});

test("top --once prints one look at everything, for a pipe", async () => {
  const { stdout } = await machine.ok(["top", "--once"]);
  expect(stdout).toContain("hello@1");
  expect(stdout).toContain("hello@2");
  expect(stdout).not.toContain("\u001b");
});

test.skipIf(!HAS_PROC)("top fills the terminal, follows its size, and puts it back when it quits", async () => {
  let screen = "";
  const decoder = new TextDecoder();
  const top = Bun.spawn([machine.binary, "top"], {
    cwd: machine.folder,
    env: machine.environment({ TERM: "xterm-256color" }),
    terminal: { cols: 100, rows: 30, data: (_terminal, bytes) => void (screen += decoder.decode(bytes)) },
  });
  try {
    await until(() => screen.includes("hello@2"), "the instances to be shown");
    const before = screen.length;
    top.terminal!.resize(60, 10);
    await until(() => screen.length > before && screen.slice(before).includes("hello"), "the screen to be drawn again");
    top.terminal!.write("q");
    expect(await top.exited).toBe(0);
    await until(() => screen.includes(LEAVE_SCREEN), "the terminal to be put back");
  } finally {
    top.kill("SIGKILL");
    await top.exited;
    top.terminal?.close();
  }
});

test("what may hold secrets is for its owner only", async () => {
  await machine.deploy("secretive", `export function f(): void {}`, ["--env", "TOKEN=secret"]);
  for (const name of ["state.db", "state.db-wal", "logs/nucleus.log", "logs/secretive@1.log"]) {
    expect(statSync(join(machine.home, name)).mode & 0o077, name).toBe(0);
  }
  await machine.ok(["rm", "secretive"]);
});

test("after down nothing is left of a home but its files", async () => {
  await machine.ok(["down"]);
  const run = [...new Bun.Glob("*.sock").scanSync({ cwd: join(machine.home, "run"), onlyFiles: false })];
  expect(run).toEqual([]);
  expect(processesOf(machine.home)).toEqual([]);
});

test("a backup as the guide makes it brings everything back in an empty home", async () => {
  await using restored = new NodeMachine();
  mkdirSync(restored.home, { mode: 0o700 });
  for (const name of ["node.toml", "state.db", "packages", "data"]) {
    cpSync(join(machine.home, name), join(restored.home, name), { recursive: true, preserveTimestamps: true });
  }
  await restored.ok(["up"]);
  await restored.untilUp("hello", 2);
  expect((await restored.status()).node).toBe("test");
  expect(await restored.call<string>("hello", "greet")).toBe("hello");
});
