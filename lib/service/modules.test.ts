import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { connectService } from "./remote.ts";
import { TestHome, TestProgram } from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const program = new TestProgram();
afterAll(() => program[Symbol.dispose]());

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

const CLOCK = `
export function now(zone: string): { zone: string; hour: number } { return { zone, hour: 12 }; }
export async function* ticks(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n;
}
export async function sum(values: AsyncIterable<number>): Promise<number> {
  let total = 0;
  for await (const value of values) total += value;
  return total;
}
export async function* double(values: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const value of values) yield 2 * value;
}
`;

test("a script calls a service by importing its functions, streams included, and ends by itself", async () => {
  await using home = new TestHome();
  await program.serve(home, home.write("clock.ts", CLOCK));
  const file = home.write(
    "elsewhere/script.ts",
    `import { double, now, sum, ticks } from "cell:clock";
async function* values() { yield 1; yield 2; }
console.log(JSON.stringify([
  now.name,
  await now("UTC"),
  await Array.fromAsync(ticks(3)),
  await sum(values()),
  await Array.fromAsync(double(values())),
  ticks(1)[Symbol.toStringTag] ?? typeof ticks(1).next,
]));
`,
  );
  expect(await program.run(home, file)).toEqual({
    exitCode: 0,
    stdout: '["now",{"zone":"UTC","hour":12},[0,1,2],3,[2,4],"function"]\n',
    stderr: "",
  });
});

test("the SDK is one instance: errors of calls are errors of the class that is imported", async () => {
  await using home = new TestHome();
  const service = home.write(
    "strict.ts",
    `import { CellError, context } from "cell";
export function refuse(): void { throw new CellError("ABORTED", "no", { data: { because: 1 }, retryable: true }); }
export function who(): { service: string; method: string; caller: string } {
  const { service, method, caller } = context();
  return { service, method, caller: caller.service ?? "nobody" };
}
`,
  );
  await program.serve(home, service);
  const script = home.write(
    "script.ts",
    `import { CellError, connect, context } from "cell";
import * as sdk from "cell";
import { refuse, who } from "cell:strict";
const error = await refuse().catch((error: unknown) => error);
console.log(error instanceof CellError, error instanceof sdk.CellError, error.code, error.data.because, error.retryable);
console.log(JSON.stringify(await who()));
try { context(); } catch (error) { console.log(error.code); }
const client = await connect("strict");
console.log(client.service, await client.methods(), await client.call("who"));
await client.close();
await connect("strct").catch((error) => console.log(error.message));
`,
  );
  const finished = await program.run(home, script);
  expect(finished.stderr).toBe("");
  expect(finished.stdout).toBe(`true true ABORTED 1 true
{"service":"strict","method":"who","caller":"nobody"}
FAILED_PRECONDITION
strict [ "refuse", "who" ] {
  service: "strict",
  method: "who",
  caller: "nobody",
}
no service named strct is running here. Did you mean strict?
`);
});

test("a method may be named like a word of the language", async () => {
  await using home = new TestHome();
  const service = home.write(
    "words.ts",
    `function remove(): string { return "deleted"; }
function fresh(): string { return "made"; }
export { fresh as new, remove as delete };
export default function (): string { return "the default"; }
export function constructor(): string { return "built"; }
`,
  );
  await program.serve(home, service);
  const script = home.write(
    "script.ts",
    `import theDefault, { constructor, delete as remove, new as fresh } from "cell:words";
import * as words from "cell:words";
console.log(await remove(), await fresh(), await theDefault(), await constructor(), await words.delete());
`,
  );
  expect(await program.run(home, script)).toEqual({
    exitCode: 0,
    stdout: "deleted made the default built deleted\n",
    stderr: "",
  });
});

test("importing a method that a service lacks says where, and which one was meant", async () => {
  await using home = new TestHome();
  await program.serve(home, home.write("clock.ts", CLOCK));
  const method = await program.run(
    home,
    home.write("a.ts", '\nimport { nwo } from "cell:clock";\nawait nwo("UTC");\n'),
  );
  expect(method.exitCode).toBe(1);
  expect(method.stderr).toContain("a.ts:2:21: clock has no method nwo. ");
  expect(method.stderr).toContain("Did you mean now?");
  const sdk = await program.run(home, home.write("b.ts", 'import { conect } from "cell";\nawait conect("x");\n'));
  expect(sdk.stderr).toContain('b.ts:1:24: "cell" exports no conect. Did you mean connect or context?');
});

test("importing a service that nobody runs and nobody knows says so", async () => {
  await using home = new TestHome();
  await program.serve(home, home.write("clock.ts", CLOCK));
  const script = home.write("a.ts", 'import * as clok from "cell:clok";\nconsole.log(clok);\n');
  const finished = await program.run(home, script);
  expect(finished.exitCode).toBe(1);
  expect(finished.stderr).toContain("NOT_FOUND");
  expect(finished.stderr).toContain(
    'importing "cell:clok": no service named clok is running here. Did you mean clock?',
  );
  const invalid = await program.run(
    home,
    home.write("b.ts", 'import * as x from "cell:Not Valid";\nconsole.log(x);\n'),
  );
  expect(invalid.stderr).toContain("lower-case");
});

test("a service that does not run yet is called by the names that the source uses, streams included", async () => {
  await using home = new TestHome();
  const script = home.write(
    "script.ts",
    `import { now, sum, ticks } from "cell:clock";
import { connect } from "cell";
await now("UTC").catch((error) => console.log(error.code));
console.log("looking");
for (;;) {
  if (await connect("clock").then((client) => client.close().then(() => true), () => false)) break;
  await Bun.sleep(5);
}
console.log(JSON.stringify(await now("UTC")));
for await (const tick of ticks(2)) console.log(tick);
console.log(await Array.fromAsync(await ticks(2)));
async function* one() { yield 1; }
console.log(await sum(one()));
try { for await (const x of now("UTC")) console.log(x); } catch (error) { console.log(error.message); }
`,
  );
  const running = program.start(home, script);
  await running.until(() => running.stdout.includes("looking"), "the script");
  await program.serve(home, home.write("clock.ts", CLOCK));
  expect(await running.exited()).toBe(0);
  expect(running.stderr).toBe("");
  expect(running.stdout).toBe(`NOT_FOUND
looking
{"zone":"UTC","hour":12}
0
1
[ 0, 1 ]
1
clock.now returns a single value: await it instead of iterating over it
`);
});

test("a recorded schema makes a service importable while it does not run, and its genes are sent", async () => {
  await using home = new TestHome();
  const schema = await program.schema(home, home.write("v1/clock.ts", CLOCK), "clock");
  home.write("project/.cell/types/clock.schema.json", schema);
  const script = home.write(
    "project/src/script.ts",
    `import * as clock from "cell:clock";
console.log(Object.keys(clock));
console.log(await clock.now("UTC").catch((error) => error.message));
`,
  );
  const away = await program.run(home, script);
  expect(away.stdout).toBe(`[ "double", "now", "sum", "ticks" ]
no service named clock is running here. Nothing is running here: start it with cell run FILE.
`);
  // A service whose result has one more field fits what the caller was compiled against.
  const wider = CLOCK.replace("hour: number }", "hour: number; minute: number }").replace(
    "hour: 12",
    "hour: 12, minute: 5",
  );
  const second = await program.serve(home, home.write("v2/clock.ts", wider));
  expect((await program.run(home, script)).stdout).toContain('zone: "UTC",\n  hour: 12,\n}');
  second.signal("SIGTERM");
  await second.exited();
  // One that takes something else does not.
  const other = CLOCK.replace("zone: string): {", "zone: number): {").replace(
    "{ zone, hour",
    "{ zone: String(zone), hour",
  );
  await program.serve(home, home.write("v3/clock.ts", other));
  const broken = await program.run(home, script);
  expect(broken.stdout).toContain("number");
  expect(broken.stdout).toContain("string");
});

test("a recorded schema that is no schema is an error that names the file", async () => {
  await using home = new TestHome();
  const recorded = home.write(".cell/types/clock.schema.json", '{"format":1}');
  const finished = await program.run(
    home,
    home.write("a.ts", 'import { now } from "cell:clock";\nawait now("UTC");\n'),
  );
  expect(finished.exitCode).toBe(1);
  expect(finished.stderr).toContain(recorded);
  expect(finished.stderr).toContain("cell check");
});

test("a service calls itself, by import", async () => {
  await using home = new TestHome();
  const file = home.write(
    "factorial.ts",
    `import { factorial as again } from "cell:factorial";
export async function factorial(n: number): Promise<number> { return n <= 1 ? 1 : n * await again(n - 1) as number; }
`,
  );
  await program.serve(home, file);
  const factorial = await connectService("factorial");
  expect(await factorial.call("factorial", [6])).toBe(720);
  await factorial.close();
});

/** Two services that import each other: \`descend\` goes back and forth until n is 0. */
function cycle(own: string, other: string): string {
  return `import { CellError, context } from "cell";
import { descend as further, wait as waitThere } from "cell:${other}";
export async function descend(n: number): Promise<string[]> {
  const { caller, remainingMs } = context();
  const here = \`${own} called by \${caller.service ?? "nobody"}\`;
  if (n === 0) return [here, String(Math.ceil(context().remainingMs() / 100))];
  return [here, ...(await further(n - 1)) as string[]];
}
export async function wait(n: number): Promise<void> {
  const { signal } = context();
  if (n > 0) return void await waitThere(n - 1);
  console.log("waiting");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  console.log("aborted with", (signal.reason as CellError).code);
}
export async function trace(): Promise<string> { return context().trace; }
`;
}

test("two services call each other in a cycle; deadline, caller and cancellation travel along", async () => {
  await using home = new TestHome();
  // Neither runs when the other one's types are read: they are written down.
  const ping = await program.serve(home, home.write("ping.ts", cycle("ping", "pong")));
  const pong = await program.serve(home, home.write("pong.ts", cycle("pong", "ping")));
  const client = await connectService("ping");
  const path = await client.call("descend", [3], { timeoutMs: 20_000 }) as string[];
  expect(path.slice(0, 4)).toEqual([
    "ping called by nobody",
    "pong called by ping",
    "ping called by pong",
    "pong called by ping",
  ]);
  // In tenths of a second. Without the caller's deadline it would be 300.
  expect(Number(path[4])).toBeWithin(1, 202);

  // Time enough for the call to get to the end of the chain on a machine that stalls.
  const late = await rejection(client.call("wait", [1], { timeoutMs: 3_000 }));
  expect(late.code).toBe("DEADLINE_EXCEEDED");
  // The caller's own clock and that of each service run out at the same time: any of them may say so first.
  await pong.until(() => /aborted with (DEADLINE_EXCEEDED|CANCELLED)/.test(pong.stdout), "the deadline");

  const controller = new AbortController();
  const cancelled = rejection(client.call("wait", [2], { signal: controller.signal }));
  await ping.until(() => ping.stdout.includes("waiting"), "the call");
  controller.abort();
  expect((await cancelled).code).toBe("CANCELLED");
  await ping.until(() => ping.stdout.includes("aborted with CANCELLED"), "the cancellation");
  await client.close();
});

test("of calls that share the first connection, one that is cancelled does not take the others with it", async () => {
  await using home = new TestHome();
  const slow = await program.serve(
    home,
    home.write("slow.ts", "export function echo(n: number): number { return n; }\n"),
  );
  const service = home.write(
    "front.ts",
    `import { echo } from "cell:slow";
export async function call(n: number): Promise<number> { return await echo(n) as number; }
`,
  );
  await program.serve(home, service);
  const front = await connectService("front");
  await front.schema();
  slow.signal("SIGSTOP");
  const controller = new AbortController();
  const first = rejection(front.call("call", [1], { signal: controller.signal }));
  const second = front.call("call", [2]);
  while ((await front.stats()).inFlight < 2) await Bun.sleep(1);
  controller.abort();
  expect((await first).code).toBe("CANCELLED");
  while ((await front.stats()).inFlight > 1) await Bun.sleep(1);
  slow.signal("SIGCONT");
  expect(await second).toBe(2);
  await front.close();
});
