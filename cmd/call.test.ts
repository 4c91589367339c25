import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandMachine, type Finished, type Running, until } from "../test/harness/mod.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

const SERVICE = `import { CellError, type Code } from "cell";

export interface Values {
  at: Date;
  id: bigint;
  data: Uint8Array;
  tags: Set<string>;
  counts: Map<string, number>;
  byId: Map<number, string>;
  note?: string | null;
}

/** Greets whoever asks. */
export function greet({ name, times = 1 }: { name: string; times?: number }) {
  return { greeting: \`Hello, \${name}!\`.repeat(times) };
}
export function add(a: number, b: number): number { return a + b; }
export function echo(values: Values): Values { return values; }
export function nothing(): void {}
export function say(text: string): string { return text; }
export function bytes(): Uint8Array { return new Uint8Array([0, 1, 255]); }
export function refuse(code: Code): string { throw new CellError(code, "the method says no", { data: { why: 1 } }); }
export async function sleep(ms: number): Promise<string> { await Bun.sleep(ms); return "awake"; }
export async function* count(to: number): AsyncGenerator<number> { for (let n = 1; n <= to; n++) yield n; }
export async function total(numbers: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const number of numbers) sum += number;
  return sum;
}
export async function* double(numbers: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const number of numbers) yield 2 * number;
}
`;

let machine: CommandMachine;
let service: Running;
beforeAll(async () => {
  machine = new CommandMachine();
  service = await machine.serve("lab.ts", SERVICE);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

function call(...args: string[]): Promise<Finished> {
  return machine.cell(["call", "lab", ...args]);
}

async function answer(...args: string[]): Promise<string> {
  const finished = await call(...args);
  expect(finished).toMatchObject({ exit: 0, stderr: "" });
  return finished.stdout;
}

test("what is served is announced with signatures and a call to try", async () => {
  await service.until(() => service.stderr.includes("Try:"), "the whole announcement");
  expect(service.stderr).toContain("lab is ready: 11 methods, species ");
  expect(service.stderr).toContain("add(a: number, b: number)");
  expect(service.stderr).toContain("Try: cell call lab add a=1 b=1");
  expect(service.stdout).toBe("");
});

test("arguments are taken as fields, by name, by position and as JSON", async () => {
  expect(await answer("greet", "name=World")).toBe('{"greeting":"Hello, World!"}\n');
  expect(await answer("greet", '{"name":"World","times":2}')).toBe('{"greeting":"Hello, World!Hello, World!"}\n');
  expect(await answer("greet", "name=3")).toBe('{"greeting":"Hello, 3!"}\n');
  expect(await answer("add", "1", "2")).toBe("3\n");
  expect(await answer("add", "b=2", "a=-5")).toBe("-3\n");
  expect(await answer("add", "--", "-1", "-2")).toBe("-3\n");
  expect(await answer("say", "two words")).toBe('"two words"\n');
});

test("every kind of value goes there and back", async () => {
  const values = {
    at: "2026-01-31T12:00:00.000Z",
    id: "12345678901234567",
    data: "AAH/",
    tags: ["a", "b"],
    counts: { x: 1 },
    byId: [[7, "seven"]],
    note: null,
  };
  expect(JSON.parse(await answer("echo", JSON.stringify(values)))).toEqual(values);
  const words = ["at=2026-01-31T12:00:00Z", "id=12345678901234567", "data=AAH/", "tags=a", "tags=b", "counts.x=1"];
  expect(JSON.parse(await answer("echo", ...words, 'byId:=[[7,"seven"]]', "note:=null"))).toEqual(values);
});

test("an argument of the wrong type exits 1, names the place and shows what is expected", async () => {
  const finished = await call("greet", "name:=3");
  expect(finished).toMatchObject({ exit: 1, stdout: "" });
  expect(finished.stderr).toContain("error: args[0].name: expected string, found number 3");
  expect(finished.stderr).toMatch(/expected: greet\(.*name: string/);
  expect(finished.stderr).toContain("example:  cell call lab greet name=World");
  expect((await call("greet", "nmae=x")).stderr).toContain('greet has no "nmae". Did you mean name?');
  expect((await call("greet")).stderr).toContain("error: args[0].name: missing, expected string\nexpected:");
});

test("a refusal by the service that a method calls is not explained with the method's own signature", async () => {
  const outer = `import { greet } from "cell:lab";
export async function wrong(count: number): Promise<unknown> { return await greet({ name: count as unknown as string }); }
`;
  const serving = await machine.serve("outer.ts", outer);
  const nested = await machine.cell(["call", "outer", "wrong", "3"]);
  expect(nested).toMatchObject({ exit: 1, stdout: "" });
  expect(nested.stderr).toContain("args[0].name: expected string, found number 3");
  expect(nested.stderr).not.toContain("wrong(");
  const own = await machine.cell(["call", "outer", "wrong", "x"]);
  expect(own.stderr).toContain("expected: wrong(count: number)");
  await serving.kill();
});

test("a void method prints nothing", async () => {
  expect(await answer("nothing")).toBe("");
});

test("--raw prints strings and bytes as they are", async () => {
  expect(await answer("say", "a b", "--raw")).toBe("a b\n");
  const child = await machine.bash("cell call lab bytes --raw | od -An -tx1");
  expect(child.stdout.trim()).toBe("00 01 ff");
  expect(await answer("add", "1", "2", "--raw")).toBe("3\n");
});

test("streams are printed as JSON lines, and fed from them", async () => {
  expect(await answer("count", "3")).toBe("1\n2\n3\n");
  const summed = await machine.cell(["call", "lab", "total", "-"], { stdin: "1\n\n2\n3" });
  expect(summed).toEqual({ exit: 0, stdout: "6\n", stderr: "" });
  const doubled = await machine.cell(["call", "lab", "double", "-"], { stdin: "1\n2\n" });
  expect(doubled).toEqual({ exit: 0, stdout: "2\n4\n", stderr: "" });
  expect(await answer("total", "[1,2]")).toBe("3\n");
  expect((await call("total")).stderr).toContain('write "-"');
});

test("an item of stdin that does not fit names its line", async () => {
  const wrong = await machine.cell(["call", "lab", "total", "-"], { stdin: '1\n{"a"\n' });
  expect(wrong.exit).toBe(1);
  expect(wrong.stderr).toContain("stdin, line 2: expected JSON");
  const text = await machine.cell(["call", "lab", "total", "-"], { stdin: '1\n"x"\n' });
  expect(text.exit).toBe(1);
  expect(text.stderr).toContain('stdin, line 2: item: expected number, found string "x"');
});

test("stdin gives one call per line", async () => {
  const calls = await machine.cell(["call", "lab", "add", "-"], { stdin: '[1,2]\n{"a":3,"b":4}\n' });
  expect(calls).toEqual({ exit: 0, stdout: "3\n7\n", stderr: "" });
  const objects = await machine.cell(["call", "lab", "greet", "-"], { stdin: '{"name":"a","more":1}\n{"name":"b"}\n' });
  expect(objects.stdout).toBe('{"greeting":"Hello, a!"}\n{"greeting":"Hello, b!"}\n');
  const failing = await machine.cell(["call", "lab", "add", "-"], { stdin: "[1,2]\n[1]\n[3,4]\n" });
  expect(failing).toMatchObject({ exit: 1, stdout: "3\n" });
  expect(failing.stderr).toContain("stdin, line 2: args[1]: missing, expected number");
});

test("a deadline exits 4", async () => {
  // Longer than this test may take.
  const finished = await call("sleep", "600000", "--timeout", "200ms");
  expect(finished.exit).toBe(4);
  expect(finished.stderr).toContain("DEADLINE_EXCEEDED");
});

test("a service that does not even say what it takes is given up at the deadline, too", async () => {
  await using other = new CommandMachine();
  const blocked = join(other.folder, "blocked");
  await other.serve(
    "stuck.ts",
    `import { writeFileSync } from "node:fs";
export function block(): void { writeFileSync(${JSON.stringify(blocked)}, ""); for (;;) {} }
export function quick(): void {}
`,
  );
  // The deadline may be over before the call is made.
  await until(async () => {
    expect((await other.cell(["call", "stuck", "block", "--timeout", "200ms"])).exit).toBe(4);
    return existsSync(blocked);
  }, "the service to be stuck");
  const finished = await other.cell(["call", "stuck", "quick", "--timeout", "200ms"]);
  expect(finished.exit).toBe(4);
  expect(finished.stderr).toContain("DEADLINE_EXCEEDED");
  // What waits for a service's types when there is no deadline.
  expect(finished.stderr).not.toContain("10000 ms");
  expect((await other.cell(["__complete", "words", "call", "stuck", ""])).stdout).toBe("words\n");
  const [listed] = JSON.parse((await other.cell(["ps", "--json"])).stdout);
  expect(listed).toMatchObject({ service: "stuck", species: null, inFlight: null });
});

test("what a method throws exits 1 with its code and data, whatever the code; a refusal exits 5", async () => {
  const missing = await call("refuse", "NOT_FOUND");
  expect(missing.exit).toBe(1);
  expect(missing.stderr).toContain("the method says no");
  expect(missing.stderr).toContain('data: {"why":1}');
  expect((await call("refuse", "ABORTED")).stderr).toContain("error: ABORTED: the method says no");
  expect((await call("refuse", "UNAVAILABLE")).exit).toBe(1);
  expect((await call("refuse", "PERMISSION_DENIED")).exit).toBe(5);
  expect((await call("refuse", "UNAUTHENTICATED")).exit).toBe(5);
});

test("a missing service or method exits 3 and suggests what is near; wrong usage exits 2", async () => {
  expect((await call("ad", "1", "2")).stderr).toContain('lab has no method "ad". Did you mean add?');
  expect((await call("ad")).exit).toBe(3);
  const service = await machine.cell(["call", "lap", "add"]);
  expect(service.exit).toBe(3);
  expect(service.stderr).toContain("Did you mean lab?");
  for (
    const args of [[], ["Not A Name", "x"], ["lab"], ["lab", "add", "--timeout", "soon"], [
      "lab",
      "add",
      "--tiemout",
      "1s",
    ]]
  ) {
    expect((await machine.cell(["call", ...args])).exit, args.join(" ")).toBe(2);
  }
  expect((await machine.cell(["call"])).stderr).toContain("which service? Running are lab.");
  expect((await machine.cell(["call", "lab"])).stderr).toContain("which method? lab has add, bytes, count,");
  expect((await machine.cell(["call", "lap"])).exit).toBe(3);
  expect((await machine.cell(["call", "lab", "add", "--tiemout", "1s"])).stderr).toContain("--timeout");
});

test("a reader that has seen enough ends the command quietly with exit 0", async () => {
  const stream = await machine.bash('cell call lab count 100000000 | head -2; echo "${PIPESTATUS[0]}"');
  expect(stream).toEqual({ exit: 0, stdout: "1\n2\n0\n", stderr: "" });
  const help = await machine.bash('cell call --help | head -1 >/dev/null; echo "${PIPESTATUS[0]}"');
  expect(help).toEqual({ exit: 0, stdout: "0\n", stderr: "" });
});

test("a stream keeps every line when its reader is slow", async () => {
  const slow = await machine.bash("cell call lab count 50000 | (sleep 0.3; wc -l)");
  expect(slow.stdout.trim()).toBe("50000");
});
