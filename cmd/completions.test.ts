import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { COMMAND, CommandMachine } from "../test/harness/mod.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

const SERVICE = `export interface Order { sku: string; mood: "calm" | "wild"; to: { city: string } }
/** Takes an order. */
export function order(o: Order): string { return o.sku; }
export function add(a: number, b: number): number { return a + b; }
`;

let machine: CommandMachine;
beforeAll(async () => {
  machine = new CommandMachine();
  await machine.serve("shop.ts", SERVICE);
  machine.write("bin/cell", `#!/bin/sh\nexec ${COMMAND.join(" ")} "$@"\n`);
  await machine.bash("chmod 755 bin/cell");
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** What bash would offer for a line, and whether it would go on with file names. */
async function offered(line: string): Promise<string[]> {
  const script = `PATH="$PWD/bin:$PATH"
source <(cell completions bash)
compopt() { [[ $1 == -o ]] && echo "option:$2"; }
COMP_LINE='${line.replaceAll("'", `'\\''`)}'
COMP_POINT=\${#COMP_LINE}
_cell cell
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await machine.bash(script);
  return stdout.trim().split("\n").filter((text) => text !== "");
}

test("commands and topics", async () => {
  expect(await offered("cell de")).toEqual(["deploy", "describe"]);
  expect(await offered("cell ")).toEqual(expect.arrayContaining(["run", "call", "help"]));
  expect(await offered("cell help exit")).toEqual(["exit-codes"]);
  expect(await offered("cell help comm")).toEqual(["commands"]);
  expect(await offered("cell completions ")).toEqual(["bash", "zsh", "fish"]);
});

test("options, where a word begins with a dash and no value is due", async () => {
  expect(await offered("cell call --t")).toEqual(["--timeout"]);
  expect(await offered("cell ps --")).toEqual(["--all", "--on", "--json", "--help"]);
  expect(await offered("cell call --timeout ")).toEqual([]);
});

test("services, methods, and names of arguments with their values", async () => {
  expect(await offered("cell call s")).toEqual(["shop"]);
  expect(await offered("cell call shop ")).toEqual(["add", "order"]);
  expect(await offered("cell call shop o")).toEqual(["order"]);
  expect(await offered("cell call shop order s")).toEqual(["option:nospace", "sku="]);
  expect(await offered("cell call shop order sku=x ")).toEqual(["mood=", "to="]);
  expect(await offered("cell call shop order to.")).toEqual(["option:nospace", "to.city="]);
  // bash replaces only what stands behind the "=".
  expect(await offered("cell call shop order mood=")).toEqual(["calm", "wild"]);
  expect(await offered("cell call shop order mood=c")).toEqual(["calm"]);
  expect(await offered("cell bench shop add ")).toEqual(["a=", "b="]);
  expect(await offered("cell call nothing ")).toEqual([]);
});

test("files where a command takes a file", async () => {
  expect(await offered("cell run ")).toEqual(["option:default"]);
  expect(await offered("cell describe ")).toEqual(["option:default", "shop"]);
  expect(await offered("cell ps ")).not.toContain("option:default");
});

test("the scripts of zsh and fish ask the same question", async () => {
  for (const shell of ["zsh", "fish"]) {
    const script = await machine.cell(["completions", shell]);
    expect(script).toMatchObject({ exit: 0, stderr: "" });
    expect(script.stdout).toContain("__complete words");
  }
  const asked = await machine.cell(["__complete", "words", "call", "sh"]);
  expect(asked.stdout).toBe("words\nshop\n");
  const methods = await machine.cell(["__complete", "words", "call", "shop", "or"]);
  expect(methods.stdout).toBe("words\norder\tTakes an order.\n");
});

test.skipIf(Bun.which("zsh") === null && process.env["CI"] === undefined)("zsh accepts its script", async () => {
  const { exit, stderr } = await machine.bash(
    `PATH="$PWD/bin:$PATH" zsh -f -c 'autoload -U compinit && compinit -u -D && source <(cell completions zsh) && [[ $_comps[cell] == _cell ]]'`,
  );
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
});

test.skipIf(Bun.which("fish") === null && process.env["CI"] === undefined)(
  "fish completes with its script",
  async () => {
    const { stdout } = await machine.bash(
      `PATH="$PWD/bin:$PATH" fish --no-config -c 'cell completions fish | source; complete -C "cell call shop o"'`,
    );
    expect(stdout).toBe("order\tTakes an order.\n");
  },
);
