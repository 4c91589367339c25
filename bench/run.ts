/**
 * Every figure beside its reference: `bun bench/run.ts [case...] [--json] [--list]`. `docs/benchmarks.md` says what each
 * case measures and how.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CellError, didYouMean, toCellError } from "../lib/base/mod.ts";
import { CASES } from "./cases/mod.ts";
import { type Case, Resources, type Result, resultsTable, toResult } from "./harness/mod.ts";

const USAGE = "usage: bun bench/run.ts [case...] [--json] [--list]";

/** Where the run writes, and what it may run; the tests give their own. */
export interface Run {
  cases: readonly Case[];
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Runs the benchmarks that `args` name, all without names, and gives the exit code. A missed target is no failure. */
export async function run(args: string[], { cases, stdout, stderr }: Run): Promise<number> {
  let options: { json: boolean; list: boolean };
  let selected: readonly Case[];
  try {
    const parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
    });
    options = parsed.values;
    selected = selectCases(cases, parsed.positionals);
  } catch (thrown) {
    stderr(`error: ${toCellError(thrown).message}\n${USAGE}`);
    return 2;
  }
  if (options.list) {
    stdout(listCases(selected, options.json));
    return 0;
  }
  const { results, failures } = await measureAll(selected, stderr);
  if (options.json) stdout(JSON.stringify(results, null, 2));
  else if (results.length > 0) stdout(resultsTable(results));
  return failures === 0 ? 0 : 1;
}

/** The cases with these names; a name also stands for all whose names begin with it, as "shm" for "shm-call". */
function selectCases(cases: readonly Case[], names: readonly string[]): readonly Case[] {
  if (names.length === 0) return cases;
  const chosen = names.flatMap((name) => {
    const found = cases.filter((one) => one.name === name || one.name.startsWith(`${name}-`));
    if (found.length > 0) return found;
    const known = cases.map((one) => one.name);
    throw new CellError(
      "NOT_FOUND",
      `no benchmark case "${name}".${didYouMean(name, known)} There are: ${known.join(", ")}`,
    );
  });
  return cases.filter((one) => chosen.includes(one));
}

function listCases(cases: readonly Case[], json: boolean): string {
  if (json) return JSON.stringify(cases.map(({ name, summary }) => ({ case: name, summary })), null, 2);
  const width = Math.max(...cases.map(({ name }) => name.length));
  return cases.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join("\n");
}

/** Runs the cases one after the other; one that fails says so and the others go on. */
async function measureAll(
  cases: readonly Case[],
  stderr: (text: string) => void,
): Promise<{ results: Result[]; failures: number }> {
  const results: Result[] = [];
  let failures = 0;
  for (const one of cases) {
    const resources = new Resources();
    const stopOnSignal = (signal: NodeJS.Signals): void => {
      resources.releaseNow();
      process.exit(signal === "SIGINT" ? 130 : 143);
    };
    process.on("SIGINT", stopOnSignal).on("SIGTERM", stopOnSignal);
    try {
      stderr(`${one.name}: ${one.summary}`);
      const binary = one.needsBinary ? binaryUnderTest() : "";
      const measurements = await one.measure({ resources, binary, progress: (message) => stderr(`  ${message}`) });
      for (const measurement of measurements) results.push(toResult(one.name, measurement));
    } catch (thrown) {
      failures++;
      stderr(`error: ${one.name}: ${toCellError(thrown).message}`);
    } finally {
      await resources.release();
      process.off("SIGINT", stopOnSignal).off("SIGTERM", stopOnSignal);
    }
  }
  return { results, failures };
}

function binaryUnderTest(): string {
  const binary = process.env["CELL_BINARY"] ?? join(import.meta.dir, "..", "dist", "cell");
  if (existsSync(binary)) return binary;
  throw new CellError("FAILED_PRECONDITION", `no executable at ${binary}: run "make build", or set CELL_BINARY`);
}

if (import.meta.main) {
  const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`);
  const code = await run(process.argv.slice(2), {
    cases: CASES,
    stdout: write(process.stdout),
    stderr: write(process.stderr),
  });
  process.exitCode = code;
}
