import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

let machine: Machine;
beforeAll(async () => {
  machine = new Machine();
  await machine.serve("hello.ts", readFileSync(join(import.meta.dir, "../examples/hello.ts"), "utf8"));
});
afterAll(() => machine[Symbol.asyncDispose]());

const GREET = ["hello", "greet", "name=World"];
const BRIEFLY = ["--duration", "50ms", "--concurrency", "1,8"];

/** What `cell bench --json` says that it measured, for each row. */
async function measured(environment: Record<string, string>, ...options: string[]): Promise<string[]> {
  const bench = await machine.cell(["bench", ...GREET, ...BRIEFLY, "--json", ...options], { env: environment });
  expect(bench).toMatchObject({ exit: 0, stderr: "" });
  return (JSON.parse(bench.stdout) as { transport: string }[]).map(({ transport }) => transport);
}

/** Runs a script that imports the SDK. */
function script(source: string, environment: Record<string, string> = {}) {
  return machine.cell(["run", machine.write("script.ts", source)], { env: environment });
}

test("a connection that is used moves into shared memory without anybody asking for it", async () => {
  // Long enough for the calls that it takes, also where a core is away for most of a second.
  const forLong = ["--duration", "1s", "--concurrency", "8"];
  expect(await measured({}, ...forLong)).toEqual(["shm"]);
  expect(await measured({ CELL_TRANSPORT: "auto" }, ...forLong)).toEqual(["shm"]);
});

test("the environment chooses the transport, and an option wins over it", async () => {
  expect(await measured({ CELL_TRANSPORT: "uds" })).toEqual(["uds", "uds"]);
  expect(await measured({ CELL_TRANSPORT: "shm" })).toEqual(["shm", "shm"]);
  expect(await measured({ CELL_TRANSPORT: "shm" }, "--transport", "uds")).toEqual(["uds", "uds"]);
  expect(await measured({ CELL_TRANSPORT: "nonsense" }, "--transport", "shm")).toEqual(["shm", "shm"]);
});

test("cell bench says in front of the figures what they were measured over", async () => {
  for (const [transport, text] of [["uds", "a unix socket"], ["shm", "shared memory"]] as const) {
    const bench = await machine.cell(["bench", ...GREET, ...BRIEFLY, "--transport", transport]);
    expect(bench.stderr).toBe(`hello.greet over ${text}, 0.05 s for each line\n`);
    expect(bench.stdout).toMatch(/^CALLERS .*ERRORS\n +1 .* 0\n +8 .* 0\n$/);
  }
});

test("a call takes the transport that the environment chooses", async () => {
  for (const transport of ["uds", "shm", "auto", ""]) {
    const called = await machine.cell(["call", ...GREET], { env: { CELL_TRANSPORT: transport } });
    expect(called, transport).toEqual({ exit: 0, stdout: '{"greeting":"Hello, World!"}\n', stderr: "" });
  }
});

test("what is no transport is wrong usage of whatever would call, wherever it is said", async () => {
  const nonsense = { env: { CELL_TRANSPORT: "nonsense" } };
  for (const command of [["call", ...GREET], ["bench", ...GREET, ...BRIEFLY]]) {
    const refused = await machine.cell(command, nonsense);
    expect(refused).toEqual({
      exit: 2,
      stdout: "",
      stderr: 'error: CELL_TRANSPORT: expected uds, shm, quic, tls or auto, found "nonsense"\n' +
        `See \`cell ${command[0]} --help\`.\n`,
    });
  }
  const option = await machine.cell(["bench", ...GREET, "--transport", "udss"]);
  expect(option.exit).toBe(2);
  expect(option.stderr).toContain('--transport: expected uds, shm, quic, tls or auto, found "udss". Did you mean uds?');
});

test("what goes over the network is refused where there is none, with what to do", async () => {
  for (const transport of ["quic", "tls"]) {
    for (const command of [["call", ...GREET], ["bench", ...GREET, ...BRIEFLY]]) {
      const refused = await machine.cell(command, { env: { CELL_TRANSPORT: transport } });
      expect(refused.exit).not.toBe(0);
      expect(refused.stdout).toBe("");
      expect(refused.stderr).toContain(
        "FAILED_PRECONDITION: connecting to hello over the network: the node agent does not run here. Start it with cell up.",
      );
    }
  }
});

test("what looks into a wrong choice works in spite of it", async () => {
  const nonsense = { env: { CELL_TRANSPORT: "nonsense" } };
  expect((await machine.cell(["ps"], nonsense)).stdout).toContain("hello");
  const serving = machine.start(["run", machine.write("other.ts", "export const f = () => 1;\n")], nonsense);
  await serving.serving();
  expect((await machine.cell(["call", "other", "f"])).stdout).toBe("1\n");
});

test("a script chooses with an option of connect, which wins over the environment", async () => {
  const finished = await script(
    `
import { CellError, connect } from "cell";
for (const transport of ["uds", "shm"] as const) {
  const hello = await connect("hello", { transport });
  const { greeting } = await hello.call<{ greeting: string }>("greet", [{ name: transport }]);
  console.log(greeting);
  await hello.close();
}
try {
  await connect("hello", { transport: "SHM" as never });
} catch (error) {
  if (error instanceof CellError) console.log(error.code, error.message);
}
try {
  await connect("hello");
} catch (error) {
  if (error instanceof CellError) console.log(error.code, error.message);
}
`,
    { CELL_TRANSPORT: "nonsense" },
  );
  expect(finished).toEqual({
    exit: 0,
    stderr: "",
    stdout: "Hello, uds!\nHello, shm!\n" +
      'INVALID_ARGUMENT the option transport: expected uds, shm, quic, tls or auto, found "SHM". Did you mean shm?\n' +
      'INVALID_ARGUMENT CELL_TRANSPORT: expected uds, shm, quic, tls or auto, found "nonsense"\n',
  });
});

test("an import of a service takes the transport that the environment chooses", async () => {
  const source = 'import { greet } from "cell:hello";\nconsole.log((await greet({ name: "import" })).greeting);\n';
  for (const transport of ["uds", "shm"]) {
    expect((await script(source, { CELL_TRANSPORT: transport })).stdout).toBe("Hello, import!\n");
  }
  const refused = await script(source, { CELL_TRANSPORT: "nonsense" });
  expect(refused.exit).toBe(2);
  expect(refused.stderr).toContain('CELL_TRANSPORT: expected uds, shm, quic, tls or auto, found "nonsense"');
});
