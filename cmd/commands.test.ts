import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandMachine, until } from "../test/harness/mod.ts";
import { COMMANDS } from "./commands.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

const HELLO = `/** Greets whoever asks. */
export async function greet({ name }: { name: string }) {
  return { greeting: \`Hello, \${name}!\` };
}
`;

test("the help fits a screen of 80 by 24 and names every command; `help commands` says what each does", async () => {
  await using machine = new CommandMachine();
  const help = await machine.cell(["--help"]);
  expect(help).toMatchObject({ exit: 0, stderr: "" });
  expect(linesOf(help.stdout).length).toBeLessThan(24);
  expect(widthOf(help.stdout)).toBeLessThanOrEqual(80);
  const all = await machine.cell(["help", "commands"]);
  expect(all).toMatchObject({ exit: 0, stderr: "" });
  expect(widthOf(all.stdout)).toBeLessThanOrEqual(80);
  for (const { name, usage, summary, isEssential } of COMMANDS) {
    expect(all.stdout).toContain(`  ${usage} `);
    expect(all.stdout).toContain(summary);
    if (isEssential) expect(help.stdout).toContain(summary);
    else expect(help.stdout, name).toMatch(new RegExp(`also: .*\\b${name}\\b`));
  }
  expect((await machine.cell(["help"])).stdout).toBe(help.stdout);
  const { stdout: environment } = await machine.cell(["help", "environment"]);
  for (const name of ["CELL_HOME", "CELL_TRANSPORT", "NO_COLOR"]) expect(environment).toContain(name);
  expect(widthOf(environment)).toBeLessThanOrEqual(80);
  expect((await machine.cell(["help", "exit-codes"])).stdout).toContain("4  deadline exceeded");
});

/** Their help explains notations, or many options, and is a reference to scroll in. */
const LONG_HELP = new Set(["call", "deploy", "swap"]);

test("the help of each command has examples and fits a screen", async () => {
  await using machine = new CommandMachine();
  for (const { name } of COMMANDS) {
    const own = await machine.cell([name, "--help"]);
    expect(own, name).toMatchObject({ exit: 0, stderr: "" });
    expect(own.stdout).toContain("Examples:");
    expect(own.stdout).toContain(`cell ${name} `);
    expect(widthOf(own.stdout), name).toBeLessThanOrEqual(80);
    if (!LONG_HELP.has(name)) expect(linesOf(own.stdout).length, name).toBeLessThanOrEqual(24);
    expect((await machine.cell(["help", name])).stdout).toBe(own.stdout);
  }
});

test("the examples of one help are laid out in one way", async () => {
  await using machine = new CommandMachine();
  for (const { name } of COMMANDS) {
    const { stdout } = await machine.cell([name, "--help"]);
    const [, examples = ""] = /^Examples:\n([\s\S]*?)(?:\n\n|\n?$)/m.exec(stdout) ?? [];
    const lines = linesOf(examples);
    const isAbove = lines.map((line) => line.startsWith("  # "));
    const expected = isAbove[0] ? lines.map((_, index) => index % 2 === 0) : lines.map(() => false);
    expect(isAbove, name).toEqual(expected);
  }
});

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

function widthOf(text: string): number {
  return Math.max(...linesOf(text).map((line) => line.length));
}

test("what is no command, topic or option is refused with what is near", async () => {
  await using machine = new CommandMachine();
  const cases: [string[], string][] = [
    [["cal"], "Did you mean call"],
    [["hello.ts"], "Did you mean `cell run hello.ts`?"],
    [["--vresion"], "Did you mean --version?"],
    [["help", "exit-code"], "Did you mean exit-codes?"],
    [["help", "comands"], "Did you mean commands?"],
    [["depoly"], "Did you mean deploy?"],
    [["ps", "--jsno"], "Did you mean --json?"],
    [["ps", "extra", "more"], "too many arguments"],
    [["scale", "hello", "-1"], 'instances: expected a whole number from 0 to 1,000, found "-1"'],
    [["scale", "hello", "2.5"], 'found "2.5"'],
    [["scale", "hello", "1e9"], 'found "1e9"'],
    [["scale", "hello", "many"], 'found "many"'],
    [["scale", "hello", "99999999999999999999"], "from 0 to 1,000"],
    [["scale", "hello"], "missing required argument 'count'"],
    [["deploy", "hello.ts", "--instances", "-3"], 'from 0 to 1,000, found "-3"'],
    [["deploy", "hello.ts", "-i", "0.5"], 'found "0.5"'],
    [["deploy", "hello.ts", "--min", "3", "--max", "2"], "--min 3 is more than --max 2"],
    [["deploy", "hello.ts", "-i", "3", "--max", "2"], "--instances 3 is more than --max 2"],
    [["deploy", "hello.ts", "--idle", "soon"], "expected a duration"],
    [["deploy", "hello.ts", "--observe", "3h"], "--observe: expected at most"],
    [["swap", "hello"], "missing required argument 'path'"],
    [["rm", "hello", "--species", "xyz"], "expected a species"],
    [["restart", "Not A Name"], "not a valid name"],
    [["logs", "hello", "-n", "-5"], "--lines: expected a whole number"],
    [["logs", "hello", "--instance", "0"], "--instance: expected a whole number from 1"],
    [["top"], "`--once` prints one frame"],
    [["run"], "missing required argument 'file'"],
    [["completions", "tcsh"], "Allowed choices are bash, zsh, fish"],
  ];
  for (const [args, text] of cases) {
    const finished = await machine.cell(args);
    expect(finished.exit, args.join(" ")).toBe(2);
    expect(finished.stdout).toBe("");
    expect(finished.stderr).toContain(text);
  }
  expect((await machine.cell([])).exit).toBe(2);
});

test("--version is the version of package.json", async () => {
  await using machine = new CommandMachine();
  const { version } = JSON.parse(readFileSync(join(import.meta.dir, "../package.json"), "utf8"));
  expect((await machine.cell(["--version"])).stdout).toBe(`cell ${version}\n`);
});

test("ps, describe, diff and bench show a service that runs", async () => {
  await using machine = new CommandMachine();
  expect(await machine.cell(["ps"])).toMatchObject({ exit: 0, stdout: "" });
  expect((await machine.cell(["ps", "--json"])).stdout).toBe("[]\n");
  const service = await machine.serve("hello.ts", HELLO);
  await machine.cell(["call", "hello", "greet", "name=x"]);

  const [listed] = JSON.parse((await machine.cell(["ps", "--json"])).stdout);
  expect(listed).toMatchObject({ service: "hello", pid: service.pid, methods: 1, calls: 1, inFlight: 0, errors: 0 });
  expect(listed.memoryBytes).toBeGreaterThan(1_000_000);
  const [titles = "", row = ""] = (await machine.cell(["ps"])).stdout.split("\n");
  expect(titles).toStartWith("SERVICE");
  expect(row).toContain(`hello  `);
  expect(row).toContain(listed.species);

  const described = await machine.cell(["describe", "hello"]);
  expect(described.stdout).toContain("Greets whoever asks.");
  expect(described.stdout).toContain("name: string");
  const schema = (await machine.cell(["describe", "./hello.ts", "--json"])).stdout;
  machine.write("hello.json", schema);
  expect(JSON.parse(schema).species).toBe(listed.species);
  expect((await machine.cell(["describe", "hello.json"])).stdout).toBe(described.stdout);
  expect((await machine.cell(["describe", "helo"])).exit).toBe(3);

  expect((await machine.cell(["diff", "hello.json", "hello"])).exit).toBe(0);
  machine.write("compatible.ts", HELLO.replace("name: string }", "name: string; times?: number }"));
  const compatible = await machine.cell(["diff", "hello", "compatible.ts"]);
  expect(compatible.exit).toBe(0);
  expect(compatible.stdout).toStartWith("compatible  ");
  machine.write("breaking.ts", HELLO.replace("name: string", "name: number"));
  const breaking = await machine.cell(["diff", "hello", "breaking.ts"]);
  expect(breaking.exit).toBe(1);
  expect(breaking.stdout).toContain("breaking");
  const json = JSON.parse((await machine.cell(["diff", "hello", "breaking.ts", "--json"])).stdout);
  expect(json.compatible).toBe(false);
  expect(json.changes[0]).toMatchObject({ compatible: false });

  const bench = await machine.cell(
    ["bench", "hello", "greet", "name=x", "--duration", "100ms", "--concurrency", "1,4", "--json"],
  );
  const results = JSON.parse(bench.stdout);
  expect(results.map((result: { concurrency: number }) => result.concurrency)).toEqual([1, 4]);
  for (const result of results) {
    expect(result).toMatchObject({ service: "hello", method: "greet", errors: 0 });
    expect(["uds", "shm"]).toContain(result.transport);
    expect(result.callsPerSecond).toBeGreaterThan(0);
    expect(result.p50Micros).toBeLessThanOrEqual(result.p99Micros);
    for (const figure of Object.values(result)) {
      if (typeof figure === "number") expect(figure).toBe(Number(figure.toFixed(3)));
    }
  }
  const table = await machine.cell(["bench", "hello", "greet", "name=x", "-d", "50ms", "-c", "1"]);
  expect(table.stdout).toMatch(/^CALLERS +CALLS\/S +P50 .*\n +1 /);
  expect(table.stderr).toMatch(/^hello\.greet over (shared memory|a unix socket), 0\.05 s for each line\n/);
  expect((await machine.cell(["bench", "hello", "gret"])).exit).toBe(3);
  expect((await machine.cell(["bench", "hello", "greet", "name:=1"])).exit).toBe(1);
  for (
    const [words, message] of [
      [["-c", "0"], "--concurrency: expected numbers of callers"],
      [["-d", "1us"], '--duration: expected a duration such as 500ms, 2s or 1m (10ms to 24 days), found "1us"'],
      [["-d", "2"], "--duration: expected a duration"],
      [["--transport", "nonsense"], "--transport: expected uds, shm, quic, tls or auto"],
    ] as const
  ) {
    const refused = await machine.cell(["bench", "hello", "greet", ...words]);
    expect(refused).toMatchObject({ exit: 2, stdout: "", stderr: expect.stringContaining(message) });
  }
});

test("bench says when the service goes away, and counts calls a second until then", async () => {
  await using machine = new CommandMachine();
  const end = join(machine.folder, "end");
  // It dies by itself when it has answered some calls more, so that there are some in what is measured.
  await machine.serve(
    "mortal.ts",
    `import { existsSync } from "node:fs";
let left = 100;
export function add(): void {
  if (existsSync(${JSON.stringify(end)}) && left-- === 0) process.kill(process.pid, "SIGKILL");
}
`,
  );
  const bench = machine.start(["bench", "mortal", "add", "-d", "4s", "-c", "4"]);
  await bench.until(() => bench.stderr.includes("for each line"), "the warm-up to be over");
  machine.write("end", "");
  await bench.exited();
  expect(bench.stderr).toMatch(/^nothing was answered after \d+ m?s: .*\. CALLS\/S is of the time before\.$/m);
});

test("new makes a service that checks and runs, and overwrites nothing", async () => {
  await using machine = new CommandMachine();
  const made = await machine.cell(["new", "greeter"]);
  expect(made).toMatchObject({ exit: 0, stdout: "" });
  expect(made.stderr).toContain("cell run greeter/greeter.ts");
  const folder = join(machine.folder, "greeter");
  for (const name of ["greeter.ts", "tsconfig.json", ".cell/types/cell.d.ts"]) {
    expect(existsSync(join(folder, name)), name).toBe(true);
  }
  // What a plain editor does: the compiler on the folder's own configuration.
  const editor = Bun.spawnSync([process.execPath, "check", "-p", folder], { env: { ...process.env, BUN_BE_BUN: "1" } });
  expect(editor.stdout.toString() + editor.stderr.toString()).toContain("No type errors");

  const again = await machine.cell(["new", "greeter"]);
  expect(again.exit).toBe(1);
  expect(again.stderr).toContain("exists already");
  machine.write("greeter/tsconfig.json", "{}");
  const second = await machine.cell(["new", "other", "--in", "greeter"]);
  expect(second.stderr).toContain("kept    greeter/tsconfig.json");
  expect(readFileSync(join(folder, "tsconfig.json"), "utf8")).toBe("{}");
  expect((await machine.cell(["new", "Not A Name"])).exit).toBe(2);
});

test("doctor finds a healthy machine healthy, and says what to do about a home that is open to others", async () => {
  await using machine = new CommandMachine();
  const healthy = JSON.parse((await machine.cell(["doctor", "--json"])).stdout) as { name: string; status: string }[];
  expect(healthy.filter(({ status }) => status === "fail")).toEqual([]);
  expect(healthy.map(({ name }) => name)).toContain("unix sockets");
  await machine.bash('chmod 755 "$CELL_HOME/run"');
  const ill = await machine.cell(["doctor"]);
  expect(ill.exit).toBe(1);
  expect(ill.stdout).toMatch(/FAIL {2}run folder .*\n.*chmod 700/);
});

test("--watch goes on serving the old code when the new has a mistake, and then the corrected one", async () => {
  await using machine = new CommandMachine();
  const version = (text: string): string => `export function version(): string { return ${text}; }\n`;
  const file = machine.write("hello.ts", version('"one"'));
  const watching = machine.start(["run", file, "--watch"]);
  await watching.serving();
  const says = async (): Promise<string> => {
    const called = await machine.cell(["call", "hello", "version"]);
    expect(called).toMatchObject({ exit: 0 });
    return called.stdout.trim();
  };
  expect(await says()).toBe('"one"');
  machine.write("hello.ts", "export function version(: string {");
  await watching.until(() => watching.stderr.includes("goes on serving"), "the mistake to be reported");
  expect(watching.stderr).toMatch(/hello\.ts:1:\d+/);
  expect(await says()).toBe('"one"');
  machine.write("hello.ts", version('"two"'));
  await until(async () => (await says()) === '"two"', "the new code");
  machine.write("hello.ts", `throw new Error("broken on import");\n${version('"three"')}`);
  await watching.until(() => watching.stderr.includes("waiting for a change"), "the end of the new code");
  machine.write("hello.ts", version('"four"'));
  await until(async () => (await says()) === '"four"', "the corrected code");
  watching.signal("SIGTERM");
  expect(await watching.exited()).toBe(0);
  expect(existsSync(join(machine.home, "run", "hello.sock"))).toBe(false);
  expect(existsSync(join(machine.home, "run", "hello.lock"))).toBe(false);
});

test("--watch notices that a mistake in an imported file is corrected", async () => {
  await using machine = new CommandMachine();
  machine.write("inner/part.ts", "export const part = (: string => {");
  const file = machine.write("hello.ts", 'export { part } from "./inner/part.ts";\n');
  const watching = machine.start(["run", file, "--watch"]);
  await watching.until(() => watching.stderr.includes("part.ts:1"), "the mistake");
  machine.write("inner/part.ts", 'export const part = (): string => "whole";\n');
  await watching.serving();
  expect((await machine.cell(["call", "hello", "part"])).stdout).toBe('"whole"\n');
});

test("a service that is watched ends with the process that watches it, even when that is killed", async () => {
  await using machine = new CommandMachine();
  const watching = machine.start(["run", machine.write("hello.ts", HELLO), "--watch"]);
  await watching.serving();
  const [served] = JSON.parse((await machine.cell(["ps", "--json"])).stdout) as { pid: number }[];
  expect(served!.pid).not.toBe(watching.pid);
  watching.signal("SIGKILL");
  await until(async () => (await machine.cell(["ps", "--json"])).stdout === "[]\n", "the service to end");
  const next = machine.start(["run", join(machine.folder, "hello.ts")]);
  await next.serving();
});
