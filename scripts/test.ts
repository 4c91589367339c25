/**
 * Runs every check and every test, and ends with one line that counts them: `N passed, N failed`. A skipped test says
 * why where it is skipped, and is counted on the line before. The exit code agrees with the last line.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** One command that counts as one test. */
function check(title: string, command: string[]): Outcome {
  const run = Bun.spawnSync(command, { cwd: root, stdout: "pipe", stderr: "pipe", stdin: "ignore" });
  console.log(`${run.success ? "ok  " : "FAIL"} ${title}`);
  if (!run.success) console.log(`${run.stdout}${run.stderr}`);
  return { passed: run.success ? 1 : 0, failed: run.success ? 0 : 1, skipped: 0 };
}

/** Files of tests that run at a time: most of them wait for processes of their own, and use a core now and then. */
const AT_ONCE = Math.min(4, Math.max(1, availableParallelism()));

/** How tests run. What a file leaves behind in its process is no secret to the next one: the runtime has its QUIC only once. */
const TEST_COMMAND = [process.execPath, "test", "--timeout", "120000", `--parallel=${AT_ONCE}`, "--no-isolate"];

/** Bun's test runner over the whole project, counted from its JUnit report. */
function unitAndProcessTests(): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "cell-report-"));
  const report = join(folder, "junit.xml");
  try {
    const run = Bun.spawnSync([...TEST_COMMAND, "--reporter=junit", `--reporter-outfile=${report}`], {
      cwd: root,
      stdout: "inherit",
      stderr: "inherit",
      stdin: "ignore",
    });
    const outcome = readReport(report);
    // A runner that died or failed outside of any test must not look like a pass.
    if (!run.success && outcome.failed === 0) outcome.failed = 1;
    return outcome;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): Outcome {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const total = text.match(/<testsuites\b[^>]*>/)?.[0] ?? "";
  const count = (name: string): number => Number(total.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

const started = performance.now();
const outcomes = [
  check("type check", [process.execPath, "check"]),
  check("type check of the examples", [process.execPath, "check", "-p", "examples"]),
  check("cores pass deno check", ["scripts/check-cores.sh"]),
  check("formatting", ["scripts/deno.sh", "fmt", "--check"]),
  check("lint", ["scripts/deno.sh", "lint"]),
  unitAndProcessTests(),
];
const sum = (name: keyof Outcome): number => outcomes.reduce((total, outcome) => total + outcome[name], 0);
const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
console.log(`${skipped} skipped, ${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
