import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { CommandMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const SCRIPT = join(import.meta.dir, "../examples/three-nodes.sh");

test(
  "the example script makes a cluster of three, spreads a service over it, and survives the death of a node",
  async () => {
    await using machine = new CommandMachine();
    const { exit, stdout, stderr } = await machine.script(SCRIPT);
    expect({ exit, stdout, stderr }).toMatchObject({ exit: 0 });
    const answers = stdout.split("\n").filter((line) => line.startsWith('{"greeting"'));
    expect(answers).toEqual(
      ["ann", "bob", "cid", "survivor", "survivor"].map((name) => `{"greeting":"Hello, ${name}!"}`),
    );
    // Both increments reached the one counter that there is.
    expect(stdout).toContain("\n1\n2\n");
  },
);
