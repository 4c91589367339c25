import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/harness/mod.ts";
import { CellError, KIB, MIB } from "../base/mod.ts";
import { fakeAgent } from "./testing/fake_agent.ts";
import { WorkerMachine } from "./testing/worker_machine.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const HELLO = `
export function greet(name: string): string { return "Hello, " + name + "!"; }
export async function wait(file: string): Promise<string> {
  console.log("waiting");
  while (!(await Bun.file(file).exists())) await Bun.sleep(5);
  return "waited";
}
export function block(ms: number): void { Bun.sleepSync(ms); }
`;

test("a worker serves, registers and reports its load", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  await using agent = await fakeAgent(machine.home);
  const worker = await machine.serving("hello", 3, sha256);
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).stdout).toContain("Hello, Ada!");
  await until(() => agent.heartbeats.some(({ load }) => load.calls === 1), "a heartbeat after the call");
  expect(agent.registrations).toHaveLength(1);
  expect(agent.registrations[0]).toMatchObject({ service: "hello", number: 3, release: 1, pid: worker.pid });
  const { instance, pid, load } = agent.heartbeats.find((heartbeat) => heartbeat.load.calls === 1)!;
  expect({ instance, pid }).toEqual({ instance: "hello@3", pid: worker.pid });
  expect(load).toMatchObject({ inFlight: 0, errors: 0 });
  expect(load.callsPerSecond).toBeGreaterThan(0);
  expect(load.p99Micros).toBeGreaterThanOrEqual(load.p50Micros!);
  expect(load.memoryBytes).toBeGreaterThan(1 * MIB);
  expect(load.eventLoopLagMs).toBeGreaterThanOrEqual(0);
  expect(agent.heartbeats[0]!.load).toMatchObject({ p50Micros: null, p99Micros: null });
});

test("a worker goes on without its agent, and registers with the next one", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const first = await fakeAgent(machine.home);
  await machine.serving("hello", 1, sha256);
  await until(() => first.heartbeats.length > 1, "heartbeats");
  await first[Symbol.asyncDispose]();
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).stdout).toContain("Hello, Ada!");
  await using second = await fakeAgent(machine.home);
  await until(() => second.heartbeats.some(({ load }) => load.calls === 1), "heartbeats to the new agent");
  expect(second.registrations).toHaveLength(1);
  expect(machine.log("hello@1")).toBe("");
});

test("a worker whose log cannot be created serves nevertheless, and logs as soon as it can", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const logs = join(machine.home, "logs");
  writeFileSync(logs, "no folder");
  await using _ = await fakeAgent(machine.home);
  machine.worker("hello", 1, sha256);
  await until(() => existsSync(join(machine.home, "run/hello@1.sock")), "the worker to serve");
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).stdout).toContain("Hello, Ada!");
  rmSync(logs);
  await until(() => existsSync(join(logs, "hello@1.log")), "the log to be there");
  const file = join(machine.folder, "over");
  writeFileSync(file, "");
  await machine.cell(["call", "hello", "wait", `file=${file}`]);
  expect(machine.log("hello@1")).toMatch(/ o waiting\n$/);
});

test("a worker that the agent does not know registers again", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  let isForgotten = true;
  await using agent = await fakeAgent(machine.home, {
    onHeartbeat: ({ instance }) => {
      if (!isForgotten) return;
      isForgotten = false;
      throw new CellError("NOT_FOUND", `there is no ${instance}`);
    },
  });
  await machine.serving("hello", 1, sha256);
  await until(() => agent.heartbeats.length > 1, "heartbeats");
  expect(agent.registrations).toHaveLength(2);
  expect(machine.log("hello@1")).toBe("");
});

test("what the agent has against a worker is logged once, and the worker goes on", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  await using agent = await fakeAgent(machine.home, {
    onHeartbeat: () => {
      throw new CellError("FAILED_PRECONDITION", "the release is unknown");
    },
  });
  await machine.serving("hello", 1, sha256);
  await until(() => agent.heartbeats.length > 2, "heartbeats");
  expect(machine.log("hello@1")).toMatch(/^\S+Z s reporting to the nucleus: .*the release is unknown\n$/);
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).exit).toBe(0);
});

test("an agent that never answers costs a worker nothing", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const never = Promise.withResolvers<void>();
  await using agent = await fakeAgent(machine.home, { onHeartbeat: () => never.promise });
  const worker = await machine.serving("hello", 1, sha256);
  await until(() => agent.heartbeats.length > 0, "a heartbeat");
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).exit).toBe(0);
  worker.signal("SIGTERM");
  expect(await worker.exited()).toBe(0);
  never.resolve();
});

test("a heartbeat says how late it is", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  await using agent = await fakeAgent(machine.home);
  await machine.serving("hello", 1, sha256);
  await until(() => agent.heartbeats.length > 1, "it to report as often as the agent wants");
  expect((await machine.cell(["call", "hello", "block", "ms=300"])).exit).toBe(0);
  await until(() => agent.heartbeats.some(({ load }) => load.eventLoopLagMs > 200), "the late heartbeat");
});

test("a heartbeat that is late while the agent has yet to answer the one before is told with the next", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const answer = Promise.withResolvers<void>();
  await using agent = await fakeAgent(machine.home, {
    onHeartbeat: () => agent.heartbeats.length === 2 ? answer.promise : undefined,
  });
  await machine.serving("hello", 1, sha256);
  await until(() => agent.heartbeats.length === 2, "the heartbeat that waits");
  expect((await machine.cell(["call", "hello", "block", "ms=1500"])).exit).toBe(0);
  // It beats once more before it answers this.
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).exit).toBe(0);
  answer.resolve();
  await until(() => agent.heartbeats.some(({ load }) => load.eventLoopLagMs > 1200), "the late heartbeat");
  const { load } = await until(() => agent.heartbeats.find(({ load }) => load.calls === 2), "both calls to be told");
  expect(load.callsPerSecond).toBeGreaterThan(0);
});

test("SIGTERM lets calls finish; the name is free at once", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const worker = await machine.serving("hello", 1, sha256);
  const call = machine.cell(["call", "hello", "wait", `file=${join(machine.folder, "go")}`]);
  await until(() => machine.log("hello@1").includes("waiting"), "the call");
  worker.signal("SIGINT");
  worker.signal("SIGTERM");
  await until(() => !existsSync(join(machine.home, "run", "hello@1.lock")), "the name to be free");
  const successor = await machine.serving("hello", 1, sha256);
  machine.write("go", "");
  expect((await call).stdout).toContain("waited");
  expect(await worker.exited()).toBe(0);
  expect(machine.log("hello@1")).toContain(" s draining, waiting up to 8 s for 1 call in flight\n");
  successor.signal("SIGTERM");
  expect(await successor.exited()).toBe(0);
});

test("a second SIGTERM ends a worker at once", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const worker = await machine.serving("hello", 1, sha256);
  const call = machine.cell(["call", "hello", "wait", `file=${join(machine.folder, "never")}`]);
  await until(() => machine.log("hello@1").includes("waiting"), "the call");
  worker.signal("SIGTERM");
  await until(() => machine.log("hello@1").includes("draining"), "the drain");
  worker.signal("SIGTERM");
  expect(await worker.exited()).toBe(143);
  expect((await call).exit).not.toBe(0);
});

test("SIGTERM ends a worker whose code is still being loaded, and frees its name", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package(
    "stuck.ts",
    'export function a(): void {}\nconsole.log("loading");\nawait new Promise((resolve) => setTimeout(resolve, 600_000));\n',
  );
  const worker = machine.worker("stuck", 1, sha256);
  await until(() => machine.log("stuck@1").includes("loading"), "the code to be loaded");
  worker.signal("SIGINT");
  worker.signal("SIGTERM");
  expect(await worker.exited()).toBe(0);
  expect(machine.log("stuck@1")).toContain(" s told to end before it served\n");
  expect(existsSync(join(machine.home, "run", "stuck@1.lock"))).toBe(false);
});

test("SIGINT does nothing", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const worker = await machine.serving("hello", 1, sha256);
  worker.signal("SIGINT");
  expect((await machine.cell(["call", "hello", "greet", "name=Ada"])).exit).toBe(0);
  worker.signal("SIGTERM");
  expect(await worker.exited()).toBe(0);
});

test("a worker without its package says which one is missing, and one with a damaged package which file", async () => {
  await using machine = new WorkerMachine();
  const sha256 = await machine.package("hello.ts", HELLO);
  const missing = "0".repeat(64);
  expect(await machine.worker("hello", 1, missing).exited()).toBe(1);
  expect(machine.log("hello@1")).toMatch(new RegExp(`^\\S+Z s hello@1 did not start: .*${missing}.*cell deploy`));
  const code = join(machine.home, "packages", sha256, "service.js");
  rmSync(code);
  expect(await machine.worker("hello", 2, sha256).exited()).toBe(1);
  expect(machine.log("hello@2")).toMatch(/did not start: .*service\.js is not what was built/);
  expect(existsSync(join(machine.home, "run", "hello@2.lock"))).toBe(false);
});

test("code that throws while it is loaded is in the log, with its places in the source", async () => {
  await using machine = new WorkerMachine();
  const broken = await machine.package(
    "broken.ts",
    'export function a(): void {}\nfunction inner(): never {\n  throw new TypeError("cannot work");\n}\ninner();\n',
  );
  expect(await machine.worker("broken", 1, broken).exited()).toBe(1);
  expect(machine.log("broken@1")).toContain("broken@1 did not start");
  expect(machine.log("broken@1")).toContain("TypeError: cannot work");
  expect(machine.log("broken@1")).toMatch(/ s {5}at inner \(.*broken\.ts:3:\d+\)\n/);
  expect(machine.log("broken@1")).toMatch(/broken\.ts:5:\d+/);
});

test("a timer that throws while the code is still loaded is in the log, complete", async () => {
  await using machine = new WorkerMachine();
  const late = await machine.package(
    "late.ts",
    'export function a(): void {}\nsetTimeout(() => {\n  throw new RangeError("too late");\n}, 1);\n' +
      'console.log("loading");\nprocess.stdout.write("no end");\nawait new Promise(() => {});\n',
  );
  expect(await machine.worker("late", 1, late).exited()).toBe(1);
  const log = machine.log("late@1");
  expect(log).toMatch(/^\S+Z o loading\n/);
  expect(log).toContain("RangeError: too late");
  expect(log).toMatch(/late\.ts:3:\d+/);
  expect(log).toMatch(/Z o no end\n/);
});

test("what is thrown outside of calls and cannot even be shown is noted, and ends nothing", async () => {
  await using machine = new WorkerMachine();
  const rude = await machine.package(
    "rude.ts",
    `
export function fail(): void {
  setTimeout(() => { throw { toString() { throw new Error("no text"); } }; }, 0);
  void Promise.reject(Object.create(null));
  void Promise.reject(Object.defineProperty(new Error(), "message", { get() { throw new Error("no message"); } }));
}`,
  );
  await machine.serving("rude", 1, rude);
  for (let call = 0; call < 2; call++) expect((await machine.cell(["call", "rude", "fail"])).exit).toBe(0);
  await until(() => machine.log("rude@1").split("cannot be shown").length > 6, "six notes");
  expect((await machine.cell(["call", "rude", "fail"])).exit).toBe(0);
});

test("what code throws while it is loaded and cannot be shown is noted, too", async () => {
  await using machine = new WorkerMachine();
  const rude = await machine.package("rude.ts", "export function f(): void {}\nthrow Object.create(null);\n");
  expect(await machine.worker("rude", 1, rude).exited()).toBe(1);
  expect(machine.log("rude@1")).toContain("rude@1 did not start");
});

test("code that ends the process while it is loaded gives the name back", async () => {
  await using machine = new WorkerMachine();
  const quitter = await machine.package("quitter.ts", "export function a(): void {}\nprocess.exit(7);\n");
  expect(await machine.worker("quitter", 1, quitter).exited()).toBe(7);
  expect(existsSync(join(machine.home, "run", "quitter@1.lock"))).toBe(false);
});

test("what code prints is in the log with times, what its children print without", async () => {
  await using machine = new WorkerMachine();
  const printer = await machine.package(
    "printer.ts",
    `
import { stdout } from "node:process";
export function print(): void {
  console.log("objects: %s", 1, { a: [1, 2] });
  console.error("two\\nlines");
  process.stdout.write("in ");
  stdout.write(new TextEncoder().encode("pieces\\n"));
  process.stderr.write("6162\\n");
  Bun.spawnSync(["sh", "-c", "echo from a child; echo and its errors >&2"], { stdout: "inherit", stderr: "inherit" });
}
export function huge(): void { console.log("x".repeat(10 * 1024 * 1024)); }
export function forgotten(): void { void Promise.reject(new Error("nobody waits for this")); }
`,
  );
  const worker = await machine.serving("printer", 1, printer);
  expect((await machine.cell(["call", "printer", "print"])).exit).toBe(0);
  const lines = machine.log("printer@1").trimEnd().split("\n");
  const stamped = lines.filter((line) => /^\d{4}-\d\d-\d\dT\S+Z [oes] /.test(line)).map((line) => line.slice(25));
  expect(stamped).toEqual(["o objects: 1 {", "o   a: [ 1, 2 ],", "o }", "e two", "e lines", "o in pieces", "e 6162"]);
  expect(lines.slice(stamped.length)).toEqual(["from a child", "and its errors"]);
  expect((await machine.cell(["call", "printer", "huge"])).exit).toBe(0);
  expect(Buffer.byteLength(machine.log("printer@1"))).toBeLessThan(70 * KIB);
  await machine.cell(["call", "printer", "forgotten"]);
  await until(() => machine.log("printer@1").includes("nobody waits for this"), "the rejection in the log");
  expect(machine.log("printer@1")).toMatch(/ s +at forgotten .*printer\.ts:12:\d+/);
  expect(worker.stdout + worker.stderr).toBe("");
});

test("after a rotation the output of children follows into the new file", async () => {
  await using machine = new WorkerMachine();
  const chatty = await machine.package(
    "chatty.ts",
    `
export function chat(lines: number): void {
  for (let line = 0; line < lines; line++) console.log("z".repeat(1000));
  Bun.spawnSync(["sh", "-c", "echo from a child >&2"], { stderr: "inherit" });
}`,
  );
  await machine.serving("chatty", 1, chatty);
  expect((await machine.cell(["call", "chatty", "chat", "lines=5000"])).exit).toBe(0);
  const old = statSync(join(machine.home, "logs", "chatty@1.log.1")).size;
  expect(old).toBeGreaterThan(4 * MIB - 2 * KIB);
  expect(old).toBeLessThanOrEqual(4 * MIB);
  expect(machine.log("chatty@1")).toEndWith("\nfrom a child\n");
});

test("code that ends or destroys its standard output goes on printing there", async () => {
  await using machine = new WorkerMachine();
  const ending = await machine.package(
    "ending.ts",
    `
export async function end(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.end("last words\\n", resolve));
  await new Promise<void>((resolve) => process.stdout.end(resolve));
  process.stderr.destroy();
}
export function say(text: string): void {
  process.stdout.write(text + " to stdout\\n");
  process.stderr.write(text + " to stderr\\n");
}`,
  );
  await machine.serving("ending", 1, ending);
  expect((await machine.cell(["call", "ending", "end"])).exit).toBe(0);
  expect((await machine.cell(["call", "ending", "say", "text=more"])).exit).toBe(0);
  expect(machine.log("ending@1").trim().split("\n").map((line) => line.slice(25))).toEqual([
    "o last words",
    "o more to stdout",
    "e more to stderr",
  ]);
});

test("a worker ends although its children go on and hold its output", async () => {
  await using machine = new WorkerMachine();
  const parent = await machine.package(
    "parent.ts",
    `export function begin(): number {
  const child = Bun.spawn(["sleep", "600"], { stdout: "inherit", stderr: "inherit" });
  child.unref();
  return child.pid;
}`,
  );
  const worker = await machine.serving("parent", 1, parent);
  const pid = Number((await machine.cell(["call", "parent", "begin"])).stdout);
  expect(pid).toBeGreaterThan(1);
  worker.signal("SIGTERM");
  expect(await worker.exited()).toBe(0);
  process.kill(pid, "SIGKILL");
});

test("a worker keeps the arguments to itself and runs where it was started", async () => {
  await using machine = new WorkerMachine();
  const place = await machine.package(
    "place.ts",
    "export function look(): string { return [process.argv.length, process.cwd()].join(); }",
  );
  await machine.serving("place", 1, place);
  expect(JSON.parse((await machine.cell(["call", "place", "look"])).stdout)).toBe(`2,${machine.folder}`);
});

test("wrong arguments are an error that says who starts workers", async () => {
  await using machine = new WorkerMachine();
  for (const args of [[], ["hello", "0", "1", "x"], ["hello", "1.5", "1", "x"], ["Hello", "1", "1", "x"]]) {
    const { exit, stderr } = await machine.cell(["__worker", ...args]);
    expect(exit).not.toBe(0);
    expect(stderr).toMatch(/The nucleus starts workers|is not a valid name/);
  }
});

test.skipIf(process.platform !== "linux")(
  "an idle worker that reports to an agent uses less than 12 MB of memory of its own",
  async () => {
    await using machine = new WorkerMachine();
    const sha256 = await machine.package("hello.ts", HELLO);
    await using agent = await fakeAgent(machine.home);
    const worker = await machine.serving("hello", 1, sha256);
    await machine.cell(["call", "hello", "greet", "name=Ada"]);
    await until(() => agent.heartbeats.length > 20, "heartbeats");
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${worker.pid}/status`, "utf8"))!;
    expect(Number(kibibytes) * KIB).toBeLessThan(12 * MIB);
    if (process.env["CELL_SHOW_MEMORY"]) console.error(`RssAnon ${kibibytes} kB`);
  },
);
