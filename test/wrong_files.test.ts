import { expect, setDefaultTimeout, test } from "bun:test";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Runs a file that cannot become a service; returns how `cell run` ended. */
async function run(source: string, file = "bad.ts"): Promise<{ exit: number; stderr: string; stdout: string }> {
  await using machine = new Machine();
  return await machine.cell(["run", machine.write(file, source)]);
}

test.concurrent("a file that does not exist is named, and a file with a near name is suggested", async () => {
  await using machine = new Machine();
  machine.write("hello.ts", "export function f() { return 1; }");
  const finished = await machine.cell(["run", "helo.ts"]);
  expect(finished.exit).toBeGreaterThan(0);
  expect(finished.stderr).toContain("helo.ts");
  expect(finished.stderr).toContain("hello.ts");
});

test.concurrent("a folder in place of a file is refused", async () => {
  await using machine = new Machine();
  const finished = await machine.cell(["run", machine.folder]);
  expect(finished.exit).toBeGreaterThan(0);
  expect(finished.stderr).not.toContain("at ");
});

test.concurrent("a syntax error is shown with its place", async () => {
  const finished = await run("export function f( { return 1 }\n");
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toMatch(/bad\.ts:1:\d+/);
});

test.concurrent("an import that does not resolve is shown with its place", async () => {
  const finished = await run('import { x } from "./missing.ts";\nexport function f() { return x as number; }\n');
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toContain("missing.ts");
  expect(finished.stderr).toMatch(/bad\.ts:1:\d+/);
});

test.concurrent("a file that throws on import says what it threw and where", async () => {
  const finished = await run(
    'export function f() { return 1; }\nthrow new Error("the disk is on fire");\n',
  );
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toContain("the disk is on fire");
  expect(finished.stderr).toMatch(/bad\.ts:2/);
});

test.concurrent("a file that exports nothing callable says what to write", async () => {
  const finished = await run("export const answer = 42;\n");
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toContain("export");
  expect(finished.stderr).toContain("function");
});

test.concurrent("a type that cannot cross the wire is an error with its place, its path and a way out", async () => {
  const finished = await run(
    `export interface Options { retries: number; onDone: () => void }
export function save(text: string, options: Options) {
  options.onDone();
  return text.length;
}
`,
  );
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toMatch(/bad\.ts:\d+:\d+/);
  expect(finished.stderr).toContain("args[1].onDone");
  expect(finished.stderr).toContain("function");
});

test.concurrent("all problems of a file are shown at once", async () => {
  const finished = await run(
    `export function first(callback: () => void) { callback(); }
export function second(key: symbol) { return String(key); }
export function third<T>(value: T) { return value; }
`,
  );
  expect(finished.exit).toBe(1);
  for (const method of ["first", "second", "third"]) expect(finished.stderr).toContain(method);
});

test.concurrent("a service that fails leaves nothing that could be listed", async () => {
  await using machine = new Machine();
  await machine.cell(["run", machine.write("bad.ts", 'export function f() {}\nthrow new Error("no");\n')]);
  const listed = await machine.cell(["ps", "--json"]);
  expect(JSON.parse(listed.stdout)).toEqual([]);
});
