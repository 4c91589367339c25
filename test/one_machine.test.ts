import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { CommandMachine, processesOf } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const SCRIPT = join(import.meta.dir, "../examples/one-machine.sh");

test("the example script sets a machine up, uses it and takes it down", async () => {
  await using machine = new CommandMachine();
  const { exit, stdout, stderr } = await machine.script(SCRIPT);
  expect({ exit, stdout, stderr }).toMatchObject({ exit: 0 });
  const answers = stdout.split("\n").filter((line) => line.startsWith('{"greeting"'));
  expect(answers).toEqual([
    '{"greeting":"Hello, World!"}',
    '{"greeting":"Welcome, World!"}',
    '{"greeting":"Welcome, World!"}',
  ]);
  for (const instance of ["hello@1", "hello@2", "hello@3"]) expect(stdout).toContain(instance);
  expect(processesOf(machine.home)).toEqual([]);
});
