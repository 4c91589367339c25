import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Case, type CaseContext, compare, type Measurement, takeTurns } from "../../harness/mod.ts";
import type { LatencyAnswer } from "../../load/requests.ts";
import { assertTransports, figure, type Sides, startGreeting } from "./sides.ts";

const ROUNDS = { warmUps: 1, rounds: 7 };
/** About a second. Whether one call in a hundred is interrupted by the scheduler is settled over many of its turns. */
const CALLS = 50_000;
/** Long enough for a waiting process to have gone to sleep in between. */
const PAUSE_MS = 2;
const PAUSED_CALLS = 500;

const HOG = join(import.meta.dir, "..", "..", "floor", "hog.ts");

/** Other processes want every core all the time: who waits by polling takes time away from whom it waits for. */
export const busy: Case = {
  name: "shm-busy",
  summary: "p99 of a call over shared memory while other work keeps every core busy, beside a Unix socket",
  needsBinary: true,
  async measure(context) {
    const sides = await startGreeting(context);
    await startHogs(context);
    return [
      await p99(sides, "one after the other", {
        shm: () => sides.shm.latency(CALLS),
        uds: () => sides.uds.latency(CALLS),
      }),
      await p99(sides, `one every ${PAUSE_MS} ms`, {
        shm: () => sides.shm.latency(PAUSED_CALLS, PAUSE_MS),
        uds: () => sides.uds.latency(PAUSED_CALLS, PAUSE_MS),
      }),
    ];
  },
};

async function p99(
  sides: Sides,
  how: string,
  measure: Record<keyof Sides, () => Promise<LatencyAnswer>>,
): Promise<Measurement> {
  const samples = await takeTurns(ROUNDS, { ours: measure.shm, reference: measure.uds });
  assertTransports(sides);
  return compare(figure(samples, ({ p99Micros }) => p99Micros), {
    metric: `p99 of a call, ${how}, every core busy`,
    unit: "us",
    reference: "the same over a Unix socket",
    target: { ratioMax: 1 },
  });
}

/** Other work on every core that this process may use. */
async function startHogs({ resources }: CaseContext): Promise<void> {
  const hogs = Array.from({ length: availableParallelism() }, () => resources.start([process.execPath, HOG]));
  await Promise.all(hogs.map((hog) => hog.answer()));
}
