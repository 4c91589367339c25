import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BINARY, Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const HELLO = `export async function greet({ name }: { name: string }) {
  return { greeting: \`Hello, \${name}!\` };
}
`;

test.concurrent("the binary alone in an empty folder makes a file a service and answers a call", async () => {
  await using machine = new Machine();
  const alone = join(machine.folder, "cell");
  copyFileSync(BINARY, alone);
  chmodSync(alone, 0o755);
  const service = machine.start(["run", machine.write("hello.ts", HELLO)], { command: [alone] });
  await service.serving();

  const called = await machine.cell(["call", "hello", "greet", "name=World"], { command: [alone] });
  expect(called).toEqual({ exit: 0, stdout: '{"greeting":"Hello, World!"}\n', stderr: "" });
});

test.concurrent("a second start reads the schema from the cache and serves the same species", async () => {
  await using machine = new Machine();
  const first = await machine.serve("hello.ts", HELLO);
  const before = await machine.cell(["describe", "hello", "--json"]);
  await first.kill();
  expect(readdirSync(join(machine.home, "cache")).length).toBeGreaterThan(0);
  await machine.serve("hello.ts", HELLO);
  const after = await machine.cell(["describe", "hello", "--json"]);
  expect(JSON.parse(after.stdout)).toEqual(JSON.parse(before.stdout));
});

test.concurrent("an argument of the wrong type exits 1 and names the place, the expectation and the find", async () => {
  await using machine = new Machine();
  await machine.serve("hello.ts", HELLO);
  const called = await machine.cell(["call", "hello", "greet", "name:=3"]);
  expect(called.exit).toBe(1);
  expect(called.stdout).toBe("");
  expect(called.stderr).toContain("args[0].name: expected string, found number 3");
});

test.concurrent("a missing and a misspelt argument say what was expected", async () => {
  await using machine = new Machine();
  await machine.serve("hello.ts", HELLO);
  const missing = await machine.cell(["call", "hello", "greet"]);
  expect(missing.exit).not.toBe(0);
  expect(missing.stderr).toContain("name");
  const misspelt = await machine.cell(["call", "hello", "greet", "nmae=World"]);
  expect(misspelt.exit).not.toBe(0);
  expect(misspelt.stderr).toContain("Did you mean name?");
});

test.concurrent("a service that nobody runs exits 3, and so does a method that it lacks", async () => {
  await using machine = new Machine();
  const nobody = await machine.cell(["call", "nope", "greet"]);
  expect(nobody.exit).toBe(3);
  expect(nobody.stderr).toContain("nope");
  await machine.serve("hello.ts", HELLO);
  const near = await machine.cell(["call", "helo", "greet"]);
  expect(near.exit).toBe(3);
  expect(near.stderr).toContain("Did you mean hello?");
  const method = await machine.cell(["call", "hello", "gret", "name=World"]);
  expect(method.exit).toBe(3);
  expect(method.stderr).toContain("Did you mean greet?");
});

test.concurrent("wrong usage exits 2 and suggests what was meant", async () => {
  await using machine = new Machine();
  const command = await machine.cell(["cal"]);
  expect(command.exit).toBe(2);
  expect(command.stderr).toContain("Did you mean call");
  const option = await machine.cell(["ps", "--jsno"]);
  expect(option.exit).toBe(2);
  expect(option.stderr).toContain("--json");
});

test.concurrent("the help fits a screen, and every command shows examples", async () => {
  await using machine = new Machine();
  const help = await machine.cell(["--help"]);
  expect(help.exit).toBe(0);
  const lines = help.stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (
    const command of ["run", "call", "check", "describe", "diff", "ps", "new", "bench", "doctor", "completions"]
  ) {
    expect(help.stdout).toContain(command);
    const own = await machine.cell([command, "--help"]);
    expect(own.exit).toBe(0);
    expect(own.stdout).toMatch(/examples/i);
    expect(own.stdout).toContain(`cell ${command}`);
  }
});
