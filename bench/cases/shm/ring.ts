import { join } from "node:path";
import { type Case, type CaseContext, compare, type Measurement, type Program, takeTurns } from "../../harness/mod.ts";

const ROUNDS = { warmUps: 4, rounds: 15 };
/** Some tens of milliseconds a round: shorter than the turns that the scheduler gives to other work. */
const RECORDS = { "one-way": 500_000, "round-trip": 50_000 };
const ONE_WAY_NANOS_MAX = 100;
const ROUND_TRIP_RATIO_MAX = 1.5;
const REFERENCE = "C over the same layout";

type Mode = keyof typeof RECORDS;
type Measure = (records: number) => Promise<number>;

const root = join(import.meta.dir, "..", "..");

/** The rings alone, two processes that poll without pause, beside the same in C. */
export const ring: Case = {
  name: "shm-ring",
  summary: "64-byte records between two processes through the rings, beside C over the same layout (needs cc)",
  needsBinary: false,
  async measure(context) {
    const compiler = Bun.which("cc");
    if (compiler === null) {
      context.progress("skipped: there is no C compiler (cc) on this machine");
      return [];
    }
    const floor = compileC(context, compiler);
    return [
      await measure(context, floor, "one-way", {
        metric: "record one way (10 M/s is 100 ns)",
        target: { valueMax: ONE_WAY_NANOS_MAX },
      }),
      await measure(context, floor, "round-trip", {
        metric: "round trip, both sides spinning",
        target: { ratioMax: ROUND_TRIP_RATIO_MAX },
      }),
    ];
  },
};

async function measure(
  context: CaseContext,
  floor: string,
  mode: Mode,
  about: Pick<Measurement, "metric"> & Required<Pick<Measurement, "target">>,
): Promise<Measurement> {
  const ours = await startOurs(context, mode);
  const reference = await startFloor(context, floor, mode);
  const comparison = await takeTurns(ROUNDS, {
    ours: () => ours(RECORDS[mode]),
    reference: () => reference(RECORDS[mode]),
  });
  return compare(comparison, { ...about, unit: "ns", reference: REFERENCE });
}

async function startOurs({ resources }: CaseContext, mode: Mode): Promise<Measure> {
  const program = join(root, "load", "ring.ts");
  const near = resources.start([process.execPath, program, "near", mode]);
  const { handle } = (await near.answer()) as { handle: unknown };
  const far = resources.start([process.execPath, program, "far", mode, String(near.pid), JSON.stringify(handle)]);
  await far.answer();
  return async (records) => {
    const [nanos] = await Promise.all([ask(near, records), ask(far, records)]);
    return nanos;
  };
}

async function startFloor({ resources }: CaseContext, floor: string, mode: Mode): Promise<Measure> {
  const program = resources.start([floor, mode]);
  await program.answer();
  return (records) => ask(program, records);
}

async function ask(program: Program, records: number): Promise<number> {
  return ((await program.ask({ records })) as { nanos: number }).nanos;
}

function compileC({ resources }: CaseContext, compiler: string): string {
  const executable = join(resources.temporaryDirectory(), "ring");
  Bun.spawnSync([compiler, "-O2", "-o", executable, join(root, "floor", "ring.c")], { stderr: "inherit" });
  return executable;
}
