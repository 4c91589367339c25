import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CommandMachine, processesOf, until } from "../test/harness/mod.ts";
import { OnTerminal } from "./testing/on_terminal.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

const HELLO = `import { existsSync } from "node:fs";
if (existsSync("POISON")) throw new Error("poisoned");
while (existsSync("HOLD")) await Bun.sleep(5);
/** Greets whoever asks. */
export function greet({ name }: { name: string }): { greeting: string } {
  console.log("greeting", name, "\\x1b[2J");
  return { greeting: \`Hello, \${name}!\` };
}
export function leave(): void { setTimeout(() => process.exit(7), 1); }
`;

let machine: CommandMachine;
let source: string;
beforeAll(() => {
  machine = new CommandMachine();
  source = HELLO.replace("POISON", join(machine.folder, "poison")).replace("HOLD", join(machine.folder, "hold"));
  machine.write("hello.ts", source);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** While this lives, instances do not get ready: what is said meanwhile can be waited for. */
function hold(): Disposable {
  const path = machine.write("hold", "");
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { stdout } = await machine.cell([...args, "--json"]);
  return JSON.parse(stdout) as T;
}

interface Listed {
  instance: string;
  pid: number | null;
  state: string;
  restarts: number;
}

test("without an agent, commands say so and what to do", async () => {
  const status = await machine.cell(["status"]);
  expect(status).toMatchObject({ exit: 3, stdout: "" });
  expect(status.stderr).toContain("cell up");
  const health = await machine.cell(["health"]);
  expect(health.exit).toBe(1);
  expect(health.stdout).toContain("the nucleus is not running");
  expect(await json("health")).toMatchObject({ healthy: false });
  for (const args of [["scale", "hello", "3"], ["stop", "hello"], ["restart", "hello"], ["rm", "hello"]]) {
    expect((await machine.cell(args)).stderr, args.join(" ")).toContain("cell up");
  }
  expect((await machine.cell(["deploy", "hello.ts"])).stderr).toContain("cell up");
  expect(await machine.cell(["down"])).toMatchObject({ exit: 0, stdout: "" });
});

test("init lays the home out, once", async () => {
  const first = await json("init", "--node-id", "pi");
  expect(first).toMatchObject({ home: machine.home, id: "pi", isNew: true, region: "default", zone: "default" });
  const { nodeId, cluster } = first as { nodeId: string; cluster: string };
  const again = await machine.cell(["init"]);
  const who = `node pi (${nodeId.slice(0, 8)}), cluster ${cluster.slice(0, 8)}`;
  expect(again).toMatchObject({ exit: 0, stderr: `${machine.home} was ready before: ${who}\n` });
  const other = await machine.cell(["init", "--node-id", "po"]);
  expect(other.exit).toBe(1);
  expect(other.stderr).toContain("its id is pi already");
  expect(await json("init", "--region", "eu")).toMatchObject({ region: "eu", isMoved: true });
  expect((await machine.cell(["init", "--region", "us"])).stderr).toContain("its region is eu already");
  expect(await machine.cell(["init", "--zone", "a b"])).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining("is not a valid zone"),
  });
});

test("up says node and pid, and says so again; a second agent says who holds the home", async () => {
  const up = await machine.cell(["up"]);
  expect(up).toMatchObject({ exit: 0, stdout: "" });
  const [, pid = ""] = /nucleus is up: node pi, pid (\d+), version/.exec(up.stderr) ?? [];
  expect(Number(pid)).toBeGreaterThan(1);
  const again = await machine.cell(["up"]);
  expect(again.exit).toBe(0);
  expect(again.stderr).toContain(`nucleus is up already: node pi, pid ${pid},`);
  const second = await machine.cell(["nucleus"]);
  expect(second.exit).toBe(1);
  expect(second.stderr).toContain(`pid ${pid}`);
  expect(await json("status")).toMatchObject({
    node: "pi",
    pid: Number(pid),
    version: expect.any(String),
    services: [],
  });
  expect((await machine.cell(["status"])).stdout).toContain("node pi  pid ");
  expect(await json("health")).toEqual({ healthy: true, problems: [] });
  expect((await machine.cell(["logs", "nucleus", "-n", "3"])).stdout).toContain("nucleus");
});

test("deploy tells how far it is on stderr, and its answer on stdout to a program", async () => {
  using held = hold();
  const deployed = machine.start(["deploy", "hello.ts", "-i", "2"]);
  await deployed.until(() => deployed.stderr.includes("hello: starting, 0 of 2 up"), "how far it is");
  held[Symbol.dispose]();
  expect([await deployed.exited(), deployed.stdout]).toEqual([0, ""]);
  expect(deployed.stderr).toContain("building hello.ts");
  expect(deployed.stderr).toMatch(/hello is deployed: release 1, 2 instances up, species [0-9a-f]{16}/);
  expect(deployed.stderr).toContain("Try: cell call hello greet name=World");
  const again = await machine.cell(["deploy", "hello.ts", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ service: "hello", release: 1, action: "unchanged", up: 2 });
  expect(again.stderr).toContain("this code and these settings already");
  expect((await machine.cell(["call", "hello", "greet", "name=x"])).stdout).toBe('{"greeting":"Hello, x!"}\n');
});

test("ps lists instances with what a program wants to know; those of one service on request", async () => {
  const listed = await json<Record<string, unknown>[]>("ps");
  expect(listed.map(({ instance }) => instance)).toEqual(["hello@1", "hello@2"]);
  for (const one of listed) {
    expect(one).toMatchObject({ service: "hello", state: "up", restarts: 0, inFlight: 0, release: 1 });
    expect(one["pid"]).toBeGreaterThan(1);
    expect(one["species"]).toMatch(/^[0-9a-f]{16}$/);
  }
  const shown = await machine.cell(["ps", "hello"]);
  const titles = "SERVICE INSTANCE PID STATE SPECIES UP RESTARTS NOW CALLS/S P50 P99 MEMORY CPU";
  expect(shown.stdout.split("\n")[0]!.trim().split(/\s+/).join(" ")).toBe(titles);
  expect(shown.stdout).toMatch(/^hello +hello@2 +\d+ +up +/m);
  expect((await machine.cell(["ps", "nucleus"])).stdout).toMatch(/^nucleus +nucleus +\d+ +up/m);
  expect((await machine.cell(["call"])).stderr).toContain("Running are hello, nucleus.");
  const missing = await machine.cell(["ps", "helo"]);
  expect(missing.exit).toBe(3);
  expect(missing.stderr).toContain("Did you mean hello?");
  expect((await machine.cell(["top", "--once"])).stdout).toMatch(/node pi[\s\S]*hello@1/);
});

test("logs show what is printed, with time and instance, of all instances or one, and go on until interrupted", async () => {
  const all = await machine.cell(["logs", "hello"]);
  expect(all.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z hello@\d greeting x \p{Cc}\[2J$/mu);
  const [, number = ""] = /hello@(\d) greeting/.exec(all.stdout) ?? [];
  expect((await machine.cell(["logs", "hello", "--instance", number])).stdout).toContain("greeting x");
  expect((await machine.cell(["logs", "hello", "--instance", String(3 - Number(number))])).stdout).not.toContain(
    "greeting",
  );
  const absent = await machine.cell(["logs", "hello", "--instance", "9"]);
  expect(absent.exit).toBe(3);
  expect(absent.stderr).toContain("there is no log of hello@9. There are logs of hello@1");
  const last = JSON.parse((await machine.cell(["logs", "hello", "-n", "1", "--json"])).stdout);
  expect(last).toMatchObject({ instance: expect.stringContaining("hello@"), stream: expect.any(String) });
  expect((await machine.cell(["logs", "hello", "--since", "1h", "-n", "0"])).stdout).toBe("");
  expect((await machine.cell(["logs", "helo"])).stderr).toContain("Did you mean hello?");
  expect((await machine.cell(["logs", "helo"])).exit).toBe(3);

  const following = machine.start(["logs", "hello", "-f", "-n", "0"]);
  await until(async () => {
    await machine.cell(["call", "hello", "greet", "name=y"]);
    return following.stdout.includes("greeting y");
  }, "what is printed to be followed");
  following.signal("SIGINT");
  expect(await following.exited()).toBe(0);
  expect(following.stderr).toBe("");
  const cut = await machine.bash('cell logs hello -f -n 100 | head -1 >/dev/null; echo "${PIPESTATUS[0]}"');
  expect(cut).toEqual({ exit: 0, stdout: "0\n", stderr: "" });
});

test("on a terminal progress rewrites one line, a table fits, and a log cannot steer", async () => {
  using held = hold();
  await using scale = new OnTerminal(machine, ["scale", "hello", "3"]);
  await scale.shows("hello: starting, 2 of 3 up");
  held[Symbol.dispose]();
  expect(await scale.exited()).toBe(0);
  await scale.shows("hello: 3 instances");
  expect(scale.sent).toMatch(/^\r\p{Cc}\[Khello: starting, /u);
  expect(scale.sent.split("\n").length).toBe(2);
  await machine.cell(["scale", "hello", "2"]);

  for (const columns of [60, 80, 100, 140]) {
    await using ps = new OnTerminal(machine, ["ps"], { columns });
    await ps.exited();
    await ps.shows("hello@");
    await until(() => ps.sent.endsWith("\n"), "the end of the line");
    for (const line of ps.sent.trimEnd().split("\r\n")) {
      expect(Bun.stringWidth(line), line).toBeLessThanOrEqual(columns);
      expect(line).toMatch(/INSTANCE|hello@\d/);
    }
  }

  await using logs = new OnTerminal(machine, ["logs", "hello"]);
  await logs.shows("greeting x \\u001b[2J");
  expect(logs.sent).not.toContain("\x1b[2J");
});

test("completion offers what is deployed, and counts around what runs", async () => {
  const offered = async (...words: string[]) => (await machine.cell(["__complete", "words", ...words])).stdout;
  expect(await offered("scale", "")).toBe("words\nhello\tup, 2 wanted\n");
  expect(await offered("scale", "hello", "")).toBe("words\n0\n1\n2\tas it is\n3\n4\n");
  expect(await offered("logs", "n")).toBe("words\nnucleus\tthe agent\n");
  expect(await offered("restart", "")).toContain("nucleus\tthe agent\n");
  expect(await offered("swap", "hello", "")).toBe("files\n");
  expect(await offered("deploy", "x.ts", "--env-file", "")).toBe("files\n");
});

test("a new version takes over; one that breaks callers or does not start changes nothing, and says why", async () => {
  machine.write("new.ts", source.replace("Hello, ", "Welcome, "));
  const swapped = await machine.cell(["swap", "hello", "new.ts", "--observe", "0s"]);
  expect(swapped).toMatchObject({ exit: 0, stdout: "" });
  expect(swapped.stderr).toContain("hello is deployed already: this is release 2, which takes over");
  expect((await machine.cell(["call", "hello", "greet", "name=x"])).stdout).toContain("Welcome");

  machine.write("breaking.ts", source.replace("{ name: string }", "{ name: number }"));
  const breaking = await machine.cell(["swap", "hello", "breaking.ts"]);
  expect(breaking).toMatchObject({ exit: 1, stdout: "" });
  expect(breaking.stderr).toMatch(/^breaking +greet\.args\[0\]\.name: callers send string/m);
  expect(breaking.stderr).toContain("--parallel");
  expect(breaking.stderr).toContain("--force");

  machine.write("boom.ts", `${source}throw new Error("boom at start");\n`);
  const boom = await machine.cell(["swap", "hello", "boom.ts"]);
  expect(boom.exit).toBe(1);
  expect(boom.stderr).toContain("boom at start");
  expect(boom.stderr).toContain("hello: release 3 is rolled back; release 2 goes on\n");
  machine.write("syntax.ts", "export function greet(: string {}");
  expect((await machine.cell(["swap", "hello", "syntax.ts"])).stderr).toContain("syntax.ts:1");
  const unknown = await machine.cell(["swap", "nosuch", "new.ts"]);
  expect(unknown.exit).toBe(3);
  expect(unknown.stderr).toContain("cell deploy FILE");
  expect((await machine.cell(["call", "hello", "greet", "name=x"])).stdout).toContain("Welcome");
  expect(await json("health")).toMatchObject({ healthy: true });
});

test("an instance, or the agent, where a service is expected is answered with what to write", async () => {
  const instance = await machine.cell(["stop", "hello@1"]);
  expect(instance.exit).toBe(2);
  expect(instance.stderr).toContain("cell logs hello --instance 1");
  for (const args of [["stop"], ["rm"], ["scale", "2"], ["swap", "new.ts"]]) {
    const [command = "", ...more] = args;
    const agent = await machine.cell([command, "nucleus", ...more]);
    expect(agent.exit, command).toBe(2);
    expect(agent.stderr, command).toContain("cell down");
  }
});

test("a malformed environment is wrong usage, and names the file", async () => {
  machine.write("bad.env", "GOOD=1\nnothing\n");
  const file = await machine.cell(["deploy", "hello.ts", "--env-file", "bad.env"]);
  expect(file).toMatchObject({ exit: 2, stdout: "" });
  expect(file.stderr).toContain("bad.env:2: expected NAME=VALUE");
  expect((await machine.cell(["deploy", "hello.ts", "--env", "COLOR"])).exit).toBe(2);
});

test("a first release that does not start stays deployed, and says how to go on", async () => {
  machine.write("never.ts", `throw new Error("never");\nexport function f(): number { return 1; }\n`);
  const failed = await machine.cell(["deploy", "never.ts"]);
  expect(failed.exit).toBe(1);
  expect(failed.stderr).toContain("never stays deployed: ");
  expect((await machine.cell(["rm", "never"])).exit).toBe(0);
});

test("scale returns when it is done; none is an answer, and a call starts one", async () => {
  expect((await machine.cell(["scale", "hello", "3"])).stderr).toContain("hello: 3 instances\n");
  expect((await json<Listed[]>("ps")).length).toBe(3);
  expect((await machine.cell(["scale", "hello", "0"])).exit).toBe(0);
  const none = await machine.cell(["ps"]);
  expect(none).toMatchObject({ exit: 0, stdout: "" });
  expect(none.stderr).toContain("without instances: hello (idle, a call starts it)");
  expect((await machine.cell(["ps", "hello"])).exit).toBe(0);
  expect((await machine.cell(["call", "hello", "greet", "name=x"])).exit).toBe(0);
  expect((await json<Listed[]>("ps")).length).toBe(1);
  expect((await machine.cell(["scale", "nosuch", "1"])).exit).toBe(3);
});

test("a crash loop is shown with its reason and the last lines of its log, and restart ends it", async () => {
  await machine.cell(["scale", "hello", "1"]);
  machine.write("poison", "");
  await machine.cell(["call", "hello", "leave"]);
  await until(async () => (await json<Listed[]>("ps"))[0]?.state === "crash-looping", "the crash loop");
  const shown = await machine.cell(["ps"]);
  expect(shown.stdout).toMatch(/^hello@\d is crash-looping: /m);
  expect(shown.stdout).toContain("poisoned");
  expect(shown.stdout).toContain("try again: cell restart hello");
  const health = await machine.cell(["health"]);
  expect(health.exit).toBe(1);
  expect(health.stdout).toMatch(/^not healthy\n +.*hello/);
  await machine.bash("rm poison");
  expect((await machine.cell(["restart", "hello"])).stderr).toMatch(/hello: restarted, 1 instance up\n$/);
  expect((await machine.cell(["health"])).exit).toBe(0);
});

test("an agent that hangs is not healthy, and what runs is listed and called without it", async () => {
  const { pid } = await json<{ pid: number }>("status");
  process.kill(pid, "SIGSTOP");
  try {
    const [health, listed, called] = await Promise.all([
      machine.cell(["health"]),
      machine.cell(["ps"]),
      machine.cell(["call", "hello", "greet", "name=x"]),
    ]);
    expect(health.exit).toBe(1);
    expect(health.stdout).toContain("the nucleus does not answer");
    expect(listed.stdout).toMatch(/^hello +hello@\d+ +\d+ +up/m);
    expect(listed.stderr).toContain("the nucleus does not answer");
    expect(called.exit).toBe(0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await until(async () => (await machine.cell(["health"])).exit === 0, "the agent to go on");
});

test("restart nucleus keeps the pid and what runs; stop and rm end it", async () => {
  const before = await json<{ pid: number }>("status");
  const [running] = await json<Listed[]>("ps");
  expect((await machine.cell(["restart", "nucleus"])).stderr).toContain(`nucleus: restarted, pid ${before.pid}, `);
  expect((await json<Listed[]>("ps"))[0]!.pid).toBe(running!.pid);
  expect((await machine.cell(["stop", "hello"])).stderr).toContain("hello: stopped\n");
  expect(await json<Listed[]>("ps")).toEqual([]);
  const refused = await machine.cell(["call", "hello", "greet", "name=x"]);
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toContain("stopped");
  expect((await machine.cell(["rm", "hello"])).stderr).toBe("hello: removed\n");
  expect((await machine.cell(["rm", "hello"])).exit).toBe(3);
  expect((await json<{ services: unknown[] }>("status")).services).toEqual([]);
});

test("down says what it drains and leaves nothing; without the agent it ends what that left", async () => {
  await machine.cell(["deploy", "hello.ts", "-i", "2"]);
  const down = await machine.cell(["down"]);
  expect(down).toMatchObject({ exit: 0, stdout: "" });
  expect(down.stderr).toContain("draining hello (2 instances)\n");
  expect(down.stderr).toContain("nucleus is down, 2 instances drained\n");
  expect(processesOf(machine.home)).toEqual([]);

  await machine.cell(["up"]);
  const { pid } = await json<{ pid: number }>("status");
  await until(async () => (await json<Listed[]>("ps")).filter(({ state }) => state === "up").length === 2, "both");
  process.kill(pid, "SIGKILL");
  await until(async () => (await machine.cell(["status"])).exit === 3, "the agent to be gone");
  const listed = await machine.cell(["ps"]);
  expect(listed.stdout).toMatch(/^hello +hello@1 +\d+ +up/m);
  expect(listed.stderr).toContain("nobody looks after these: cell up");
  const orphans = await machine.cell(["down"]);
  expect(orphans.exit).toBe(0);
  expect(orphans.stderr).toContain("draining what it left: hello (2 instances)");
  expect(processesOf(machine.home)).toEqual([]);
});
