import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../test/harness/mod.ts";
import { CASES } from "./cases/mod.ts";
import { type Case, compare, interleave, type Program, takeTurns, type Target, toResult } from "./harness/mod.ts";
import { run } from "./run.ts";

const RUN = join(import.meta.dir, "run.ts");

function caseNamed(name: string, measure: Case["measure"]): Case {
  return { name, summary: `the ${name} case`, needsBinary: false, measure };
}

/** Two sides whose figures are known. */
const synthetic = caseNamed("synthetic", async () => [
  compare(await interleave({ warmUps: 1, rounds: 3 }, () => 20, () => 10), {
    metric: "made-up time",
    unit: "ms",
    reference: "half of it",
    target: { ratioMax: 1.5 },
  }),
]);

async function runCaptured(args: string[], cases: readonly Case[]) {
  const out = { stdout: "", stderr: "" };
  const exit = await run(args, {
    cases,
    stdout: (text) => (out.stdout += `${text}\n`),
    stderr: (text) => (out.stderr += `${text}\n`),
  });
  return { exit, ...out };
}

function met(target: Target, value: number, referenceValue: number): boolean | undefined {
  return toResult("any", { metric: "any", unit: "ms", reference: "any", value, referenceValue, target }).met;
}

/** False for a process that has ended but that nobody has asked about yet, too. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("--json prints an array of figures beside their references", async () => {
  const { exit, stdout } = await runCaptured(["--json"], [synthetic]);
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toEqual([{
    case: "synthetic",
    metric: "made-up time",
    value: 20,
    unit: "ms",
    reference: "half of it",
    referenceValue: 10,
    ratio: 2,
    ratioQuartiles: [2, 2],
    target: "<= 1.5 x",
    met: false,
  }]);
});

test("without --json it prints a table with the target and the verdict", async () => {
  const { stdout } = await runCaptured([], [synthetic]);
  const [header = "", , row = ""] = stdout.split("\n");
  expect(header).toMatch(/case +metric +ours +reference +ratio +quartiles +target +met/);
  expect(row).toMatch(/synthetic +made-up time +20 ms +10 ms {2}half of it +2 x +2 \.\. 2 +<= 1\.5 x +NO/);
  expect(row.indexOf("<= 1.5 x")).toBe(header.indexOf("target"));
});

test("only the named cases run", async () => {
  const never = caseNamed("never", () => Promise.reject(new Error("must not run")));
  expect((await runCaptured(["synthetic", "--json"], [never, synthetic])).exit).toBe(0);
});

test("a name stands for all cases whose names begin with it", async () => {
  const named = (name: string) => ({ ...synthetic, name });
  const cases = ["rings", "ring-call", "other", "ring-rate"].map(named);
  const { stdout } = await runCaptured(["ring", "ring-rate", "--list", "--json"], cases);
  expect(JSON.parse(stdout).map((one: { case: string }) => one.case)).toEqual(["ring-call", "ring-rate"]);
});

test("a case that fails says why, and the others still run", async () => {
  const broken = caseNamed("broken", () => Promise.reject(new Error("no such luck")));
  const { exit, stdout, stderr } = await runCaptured(["--json"], [broken, synthetic]);
  expect(exit).toBe(1);
  expect(stderr).toContain("error: broken: no such luck");
  expect(JSON.parse(stdout)).toHaveLength(1);
});

test("what a case starts and creates is gone afterwards", async () => {
  let directory = "";
  let program: Program | undefined;
  const leaving = caseNamed("leaving", async ({ resources }) => {
    directory = resources.temporaryDirectory();
    program = resources.start([process.execPath, "-e", "console.log('1'); setInterval(() => {}, 1000)"]);
    await program.answer();
    return [];
  });
  expect((await runCaptured(["--json"], [leaving])).exit).toBe(0);
  expect(existsSync(directory)).toBe(false);
  expect(isRunning(program!.pid)).toBe(false);
});

test("an agent and its workers, nobody's children, are gone afterwards", async () => {
  let pid = 0;
  const leaving = caseNamed("leaving", async ({ resources }) => {
    const env = { ...process.env, CELL_HOME: resources.agentHome() };
    const endless = "console.log(process.pid); setInterval(() => {}, 1000)";
    const child = Bun.spawn([process.execPath, "-e", endless], { env, detached: true, stdout: "pipe" });
    const { value } = await child.stdout.getReader().read();
    pid = Number(new TextDecoder().decode(value));
    return [];
  });
  expect((await runCaptured(["--json"], [leaving])).exit).toBe(0);
  expect(pid).toBeGreaterThan(0);
  expect(isRunning(pid)).toBe(false);
});

test("Ctrl-C ends what a case started and removes what it created", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "cell-bench-test-"));
  try {
    // A program of its own, because it is the run that the signal ends.
    const program = `
      import { run } from ${JSON.stringify(RUN)};
      const endless = "console.log(1); setInterval(() => {}, 1000)";
      const measure = async ({ resources }) => {
        const started = resources.start([process.execPath, "-e", endless]);
        await started.answer();
        const env = { ...process.env, CELL_HOME: resources.agentHome() };
        const detached = Bun.spawn([process.execPath, "-e", endless], { env, detached: true, stdout: "pipe" });
        await detached.stdout.getReader().read();
        console.log(JSON.stringify([started.pid, detached.pid]));
        await started.exited;
        await new Promise(() => {});
      };
      const cases = [{ name: "endless", summary: "", needsBinary: false, measure }];
      await run([], { cases, stdout() {}, stderr() {} });
    `;
    const bench = Bun.spawn([process.execPath, "-e", program], {
      env: { ...process.env, TMPDIR: temporary },
      stdout: "pipe",
      stderr: "inherit",
    });
    const { value } = await bench.stdout.getReader().read();
    const pids = JSON.parse(new TextDecoder().decode(value)) as number[];
    expect(pids).toHaveLength(2);
    expect(readdirSync(temporary)).not.toBeEmpty();
    bench.kill("SIGINT");
    expect(await bench.exited).toBe(130);
    expect(readdirSync(temporary)).toBeEmpty();
    await until(() => !pids.some(isRunning), `processes ${pids} to end`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

test("a program that ends instead of answering is reported with what it said", async () => {
  const failing = caseNamed("failing", async ({ resources }) => {
    await resources.start([process.execPath, "-e", "console.error('out of luck'); process.exit(7)"]).answer();
    return [];
  });
  const { stdout, stderr } = await runCaptured([], [failing]);
  expect(stdout).toBe("");
  expect(stderr).toContain("ended with exit code 7");
  expect(stderr).toContain("out of luck");
});

test("the two sides take turns", async () => {
  const turns: string[] = [];
  const side = (name: string) => () => turns.push(name);
  await interleave({ warmUps: 1, rounds: 2 }, side("A"), side("B"));
  expect(turns.join(" ")).toBe("A B A B A B");
});

test("any number of sides take turns, and warm-ups do not count", async () => {
  let turn = 0;
  const next = () => ++turn;
  const samples = await takeTurns({ warmUps: 1, rounds: 2 }, { a: next, b: next, c: next });
  expect(samples).toEqual({ a: [4, 7], b: [5, 8], c: [6, 9] });
});

test("a measurement is the median of its rounds, with the quartiles of their ratios", () => {
  const about = { metric: "any", unit: "ms", reference: "any" };
  const { value, referenceValue, ratioQuartiles } = compare({ ours: [1, 2, 90], reference: [1, 1, 1] }, about);
  expect([value, referenceValue]).toEqual([2, 1]);
  expect(ratioQuartiles).toEqual([1.5, 46]);
});

test("a target is met at its bound and missed beyond it, and every bound counts", () => {
  expect(met({ ratioMax: 1.5 }, 15, 10)).toBe(true);
  expect(met({ ratioMax: 1.5 }, 15.1, 10)).toBe(false);
  expect(met({ ratioMin: 3 }, 30, 10)).toBe(true);
  expect(met({ ratioMin: 3 }, 29.9, 10)).toBe(false);
  expect(met({ valueMax: 60, ratioMax: 0.5 }, 61, 1000)).toBe(false);
  expect(met({ valueMax: 60, ratioMax: 0.5 }, 50, 99)).toBe(false);
  expect(met({ valueMax: 60, ratioMax: 0.5 }, 50, 100)).toBe(true);
  expect(met({ valueMax: 10 }, 0, 0)).toBe(true);
  expect(met({ valueMin: 1_000, ratioMin: 10 }, 1_000, 100)).toBe(true);
  expect(met({ valueMin: 1_000, ratioMin: 10 }, 999, 10)).toBe(false);
  expect(met({ valueMax: 10 }, Number.NaN, 1)).toBe(false);
});

test("--list names every case, an unknown one gets a suggestion", async () => {
  const listed = Bun.spawn([process.execPath, RUN, "--list"], { stdout: "pipe", stderr: "pipe" });
  expect((await listed.stdout.text()).match(/^\S+/gm)).toEqual(CASES.map((one) => one.name) as [string]);
  expect(await listed.exited).toBe(0);

  const unknown = Bun.spawn([process.execPath, RUN, "thruput"], { stdout: "pipe", stderr: "pipe" });
  expect(await unknown.stderr.text()).toContain('no benchmark case "thruput". Did you mean throughput?');
  expect(await unknown.exited).toBe(2);
});

test("an unknown option is wrong usage", async () => {
  const { exit, stderr } = await runCaptured(["--jsn"], [synthetic]);
  expect(exit).toBe(2);
  expect(stderr).toContain("usage:");
});
