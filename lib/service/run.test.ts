import { afterAll, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { CellError } from "../base/mod.ts";
import { listInstances } from "./instances.ts";
import { connectService } from "./remote.ts";
import { runFile } from "./run.ts";
import { TestHome, TestProgram } from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const program = new TestProgram();
afterAll(() => program[Symbol.dispose]());

const HELLO = `export async function greet({ name }: { name: string }) {
  return { greeting: \`Hello, \${name}!\` };
}
`;

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

test("a file of functions is served under its name", async () => {
  await using home = new TestHome();
  const child = await program.serve(home, home.write("hello.ts", HELLO));
  const hello = await connectService("hello");
  expect(await hello.call("greet", [{ name: "World" }])).toEqual({ greeting: "Hello, World!" });
  expect(await hello.hello()).toMatchObject({ service: "hello", pid: child.pid });
  // One that has not answered within a second is listed without its answer.
  const [instance, ...others] = await until(async () => {
    const listed = await listInstances();
    return listed[0]?.answer && listed;
  }, "the instance to answer");
  expect(others).toEqual([]);
  expect(instance).toMatchObject({ service: "hello", pid: child.pid, socket: join(home.home, "run", "hello.sock") });
  expect(instance!.answer?.stats.calls).toBe(1);
  await hello.close();
});

test("a process that blocks is listed as one that does not answer", async () => {
  await using home = new TestHome();
  const child = await program.serve(home, home.write("hello.ts", HELLO));
  child.signal("SIGSTOP");
  const [instance] = await listInstances();
  expect(instance).toMatchObject({ service: "hello", pid: child.pid, answer: undefined });
});

test("a second start of a service does not even load its file", async () => {
  await using home = new TestHome();
  const file = home.write("hello.ts", `console.log("loaded");\n${HELLO}`);
  const first = await program.serve(home, file);
  const second = await program.run(home, file);
  expect(second.exitCode).toBe(1);
  expect(second.stdout).toBe("");
  expect(second.stderr).toContain(`hello is already served by pid ${first.pid}`);
  await program.serve(home, file, "other-name");
});

test("a default-exported class is one instance whose methods share its state", async () => {
  await using home = new TestHome();
  const file = home.write(
    "counter.ts",
    `export default class Counter {
  #count = 0;
  add(by: number): number { return this.#count += by; }
  current = (): number => this.#count;
}
export function version(): string { return "1"; }
`,
  );
  await program.serve(home, file);
  const counter = await connectService("counter");
  expect(await counter.call("add", [2])).toBe(2);
  expect(await counter.call("add", [3])).toBe(5);
  expect(await counter.call("current", [])).toBe(5);
  await counter.close();
});

test("what method() says is in the served schema and is enforced", async () => {
  await using home = new TestHome();
  const file = home.write(
    "limits.ts",
    `import { method } from "cell";
let running = 0;
let most = 0;
const limit = Number("50");
export const slow = method({ maxConcurrency: 2 }, async (): Promise<number> => {
  most = Math.max(most, ++running);
  await Bun.sleep(20);
  running--;
  return most;
});
export const hang = method({ timeoutMs: limit, idempotent: true }, (): Promise<void> => new Promise(() => {}));
`,
  );
  await program.serve(home, file);
  const limits = await connectService("limits");
  const most = await Promise.all(Array.from({ length: 6 }, () => limits.call("slow", [])));
  expect(Math.max(...most as number[])).toBe(2);
  const { methods } = await limits.schema();
  expect(methods["hang"]).toMatchObject({ idempotent: true, timeoutMs: 50 });
  expect((await rejection(limits.call("hang", []))).code).toBe("DEADLINE_EXCEEDED");
  await limits.close();
});

test("what a service prints is on its standard output, what we say is not", async () => {
  await using home = new TestHome();
  const file = home.write("loud.ts", `console.log("loading");\nexport function f(): void { console.log("called"); }\n`);
  const child = await program.serve(home, file);
  const loud = await connectService("loud");
  await loud.call("f", []);
  await child.until(() => child.stdout === "loading\ncalled\n", "the output");
  expect(child.stderr).not.toContain("called");
  await loud.close();
});

test("a forgotten rejection and a timer that throws are logged with their place, and the service goes on", async () => {
  await using home = new TestHome();
  const file = home.write(
    "careless.ts",
    `export function forget(): void { Promise.reject(new Error("forgotten")); }
export function explode(): void { setTimeout(() => { throw new TypeError("too late"); }); }
export function fine(): string { return "fine"; }
`,
  );
  const child = await program.serve(home, file);
  const careless = await connectService("careless");
  await careless.call("forget", []);
  await child.until(() => /forgotten\n.*careless\.ts:1:/.test(child.stderr), "the rejection in the log");
  await careless.call("explode", []);
  await child.until(() => /TypeError: too late\n.*careless\.ts:2:/.test(child.stderr), "the exception in the log");
  expect(await careless.call("fine", [])).toBe("fine");
  await careless.close();
});

test("an exception in a handler is in the log with the lines of the user's code only", async () => {
  await using home = new TestHome();
  const file = home.write(
    "thrower.ts",
    `function inner(): never { throw new RangeError("out of cheese"); }
export function outer(): string { inner(); return ""; }
`,
  );
  const child = await program.serve(home, file);
  const thrower = await connectService("thrower");
  const error = await rejection(thrower.call("outer", []));
  expect(error.message).toContain("out of cheese");
  expect(error.message).not.toContain("thrower.ts");
  await child.until(() => child.stderr.includes("thrower.ts:2:"), "the stack");
  const lines = child.stderr.trimEnd().split("\n").slice(1);
  expect(lines[0]).toContain("out of cheese");
  expect(lines.slice(1).every((line) => line.includes(file))).toBe(true);
  expect(lines).toHaveLength(3);
  await thrower.close();
});

test("process.exit in a handler gives the name up and leaves nothing behind", async () => {
  await using home = new TestHome();
  const child = await program.serve(
    home,
    home.write("quitter.ts", "export function quit(): void { process.exit(3); }\n"),
  );
  const quitter = await connectService("quitter");
  expect((await rejection(quitter.call("quit", []))).code).toBe("UNAVAILABLE");
  expect(await child.exited()).toBe(3);
  expect(readdirSync(join(home.home, "run"))).toEqual([]);
  await quitter.close();
});

test("SIGTERM lets calls finish, ends with 0 and leaves nothing behind", async () => {
  await using home = new TestHome();
  const file = home.write(
    "slow.ts",
    `import { existsSync } from "node:fs";
import { context } from "cell";
export async function work(): Promise<string> {
  console.log("working");
  while (!existsSync("enough")) await Bun.sleep(5);
  return String(context().signal.aborted);
}
setInterval(() => {}, 1000);
`,
  );
  const child = await program.serve(home, file);
  const slow = await connectService("slow");
  const working = slow.call("work", []);
  await child.until(() => child.stdout === "working\n", "the call");
  child.signal("SIGTERM");
  const waiting = "slow: SIGTERM, waiting up to 8 s for 1 call in flight";
  await child.until(() => child.stderr.includes(waiting), "the drain");
  home.write("enough", "");
  expect(await working).toBe("false");
  expect(await child.exited()).toBe(0);
  expect(readdirSync(join(home.home, "run"))).toEqual([]);
  await slow.close();
});

test("no call fails because a service is restarted", async () => {
  await using home = new TestHome();
  const file = home.write(
    "busy.ts",
    `let calls = 0;
export async function work(): Promise<number> {
  if (calls++ % 5 === 0) await Bun.sleep(3);
  return process.pid;
}
`,
  );
  let child = await program.serve(home, file);
  let isOver = false;
  const pids = new Set<number>();
  // Clients wait 2 s for a service that has gone. On a busy machine a process may take as long to start: their clock is slow.
  using _clock = slowClock(10);
  const callers = Array.from({ length: 3 }, async () => {
    const busy = await connectService("busy");
    while (!isOver) pids.add(await busy.call("work", []) as number);
    await busy.close();
  });
  const started = [child.pid];
  while (!pids.has(child.pid)) await Bun.sleep(1);
  for (let restart = 0; restart < 3; restart++) {
    child.signal("SIGTERM");
    expect(await child.exited()).toBe(0);
    child = await program.serve(home, file);
    started.push(child.pid);
    while (!pids.has(child.pid)) await Promise.race([Bun.sleep(1), ...callers]);
  }
  isOver = true;
  await Promise.all(callers);
  expect([...pids]).toEqual(started);
});

/** Lets this process find that so many times less time has passed. */
function slowClock(factor: number): Disposable {
  const { now } = performance;
  const startedAt = performance.now();
  return spyOn(performance, "now").mockImplementation(() => startedAt + (now.call(performance) - startedAt) / factor);
}

test("a second signal ends a service that drains at once", async () => {
  await using home = new TestHome();
  const file = home.write(
    "stuck.ts",
    'export function hang(): Promise<void> { console.log("hanging"); return new Promise(() => {}); }\n',
  );
  const child = await program.serve(home, file);
  const stuck = await connectService("stuck");
  const hanging = rejection(stuck.call("hang", []));
  await child.until(() => child.stdout === "hanging\n", "the call");
  child.signal("SIGINT");
  await child.until(() => child.stderr.includes("SIGINT, waiting"), "the drain");
  child.signal("SIGINT");
  expect(await child.exited()).toBe(130);
  expect((await hanging).code).toBe("UNAVAILABLE");
  await stuck.close();
});

test.each([
  ["throws an error", 'const a = 1;\nthrow new Error("on fire");\n', [
    "threw while it was imported: Error: on fire",
    "bad.ts:2:",
  ]],
  ["throws in a function", 'function f() { throw new TypeError("deep"); }\nf();\n', [
    "TypeError: deep",
    "bad.ts:1:",
    "bad.ts:2:",
  ]],
  ["throws text", 'throw "just text";\n', ['threw "just text" while it was imported']],
  ["throws nothing", "throw undefined;\n", ["threw undefined while it was imported"]],
  ["throws an error of ours", 'import { CellError } from "cell";\nthrow new CellError("ABORTED", "not today");\n', [
    "CellError: not today",
    "bad.ts:2:",
  ]],
])("a file that %s while it is imported is an error that says so and where", async (_, text, expected) => {
  await using home = new TestHome();
  const finished = await program.run(
    home,
    home.write("bad.ts", `export function f(): void {}\n${text}`.replace("\n", " ")),
  );
  expect(finished.exitCode).toBe(1);
  for (const part of expected) expect(finished.stderr).toContain(part);
  expect(readdirSync(join(home.home, "run"))).toEqual([]);
});

test("a file that awaits for ever at its top level uses no time of the processor, and no name is taken for good", async () => {
  await using home = new TestHome();
  const file = home.write(
    "idle.ts",
    `export function f(): void {}\nconsole.log("waiting");\nawait new Promise(() => {});\n`,
  );
  const child = program.start(home, file);
  await child.until(() => child.stdout === "waiting\n", "the file to be loaded");
  // What has been set off by the start may go on for a while; who waits by turning round and round never stops.
  await until(async () => {
    const before = await processorTicks(child.pid);
    await Bun.sleep(300);
    return await processorTicks(child.pid) - before < 3;
  }, "it to use no time of the processor");
  child.signal("SIGTERM");
  await child.exited();
  await program.serve(home, home.write("other.ts", HELLO), "idle");
});

test("a syntax error and a missing import are shown with their place", async () => {
  await using home = new TestHome();
  const syntax = await program.run(home, home.write("syntax.ts", "export function f( { return 1 }\n"));
  expect(syntax.exitCode).toBe(1);
  expect(syntax.stderr).toMatch(/syntax\.ts:1:\d+: /);
  const missing = await program.run(
    home,
    home.write("missing.ts", '\nimport { x } from "./gone.ts";\nexport function f(): void { x(); }\n'),
  );
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toMatch(/missing\.ts:2:\d+: .*gone\.ts/);
});

test("a file that fails when it is loaded, though its types are fine, says where", async () => {
  await using home = new TestHome();
  home.write("lib.d.ts", "export declare const x: number;\n");
  const file = home.write("typed.ts", 'import { x } from "./lib";\nexport function f(): number { return x; }\n');
  const finished = await program.run(home, file);
  expect(finished.exitCode).toBe(1);
  expect(finished.stderr).toContain("typed.ts:1:");
  expect(finished.stderr).toContain("lib");
  const promised = home.write("promised.ts", "export declare function f(): number;\n");
  expect((await program.run(home, promised)).stderr).toContain("serving f of");
});

test("a class whose constructor throws is an error with its place", async () => {
  await using home = new TestHome();
  const file = home.write(
    "broken.ts",
    'export default class Broken {\n  constructor() { throw new Error("no money"); }\n  f(): void {}\n}\n',
  );
  const finished = await program.run(home, file);
  expect(finished.exitCode).toBe(1);
  expect(finished.stderr).toContain("the constructor of the default export of");
  expect(finished.stderr).toContain("broken.ts:2:");
});

test("a file that exports nothing callable and imports nothing of ours says what to write", async () => {
  await using home = new TestHome();
  const finished = await program.run(home, home.write("data.ts", "export const answer = 42;\n"));
  expect(finished.exitCode).toBe(1);
  expect(finished.stderr).toContain("data.ts exports nothing callable");
  expect(finished.stderr).toContain("export function greet");
});

test("a script runs to its end, pending work included, whatever its file is called", async () => {
  await using home = new TestHome();
  const file = home.write(
    "My Script #1 100%.ts",
    `import { CellError } from "cell";
console.log("first");
await Bun.sleep(1);
console.log(new CellError("ABORTED", "x").retryable);
setTimeout(() => console.log("last"), 30);
`,
  );
  expect(await program.run(home, file)).toEqual({ exitCode: 0, stdout: "first\nfalse\nlast\n", stderr: "" });
});

test("a script that throws fails with the place", async () => {
  await using home = new TestHome();
  const file = home.write("script.ts", 'import "cell";\nconsole.log("begun");\nthrow new Error("over");\n');
  const finished = await program.run(home, file);
  expect(finished).toMatchObject({ exitCode: 1, stdout: "begun\n" });
  expect(finished.stderr).toContain("script.ts:3:");
});

test("a service's file may have a path with spaces and signs in it if it gets a name", async () => {
  await using home = new TestHome();
  const file = home.write("odd dir #%20/a b.ts", HELLO);
  const nameless = await program.run(home, file);
  expect(nameless.stderr).toContain("Try --name a-b");
  await program.serve(home, file, "odd");
  const odd = await connectService("odd");
  expect(await odd.call("greet", [{ name: "you" }])).toEqual({ greeting: "Hello, you!" });
  await odd.close();
});

test("an invalid name is refused before anything is read", async () => {
  await using home = new TestHome();
  const finished = await program.run(home, home.write("hello.ts", HELLO), "Not Valid");
  expect(finished.stderr).toContain("lower-case");
  expect(existsSync(home.home)).toBe(false);
});

test("the first start reads types in a child process: the service itself stays small", async () => {
  await using home = new TestHome();
  const file = home.write("hello.ts", HELLO);
  const cold = await program.serve(home, file);
  expect(await privateKilobytes(cold.pid)).toBeLessThan(12 * 1024);
  await cold.kill();
  const warm = await program.serve(home, file);
  expect(await privateKilobytes(warm.pid)).toBeLessThan(12 * 1024);
});

/** Hundredths of a second that a process has computed. */
async function processorTicks(pid: number): Promise<number> {
  const fields = (await Bun.file(`/proc/${pid}/stat`).text()).replace(/^.*\) /, "").split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function privateKilobytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
}

test("the node agent's name is refused before the file is read", async () => {
  await using home = new TestHome();
  const file = home.write("hello.ts", "export function");
  const error = await rejection(runFile(file, { name: "nucleus", sdk: {}, log: () => {} }));
  expect([error.code, error.message]).toEqual([
    "INVALID_ARGUMENT",
    "serving nucleus: the node agent has this name. Choose another one with --name.",
  ]);
});
