import { SECOND } from "../../../lib/base/mod.ts";
import { type Case, compare, takeTurns } from "../../harness/mod.ts";
import { assertTransports, figure, startGreeting } from "./sides.ts";

const IDLE_MS = 1 * SECOND;
const ROUNDS = { warmUps: 1, rounds: 25 };
/** Enough for both processes to have compiled what a call runs through. */
const CALLS_BEFORE = 20_000;

/** The first call after nobody has said anything for a second: both processes sleep, and the processor with them. */
export const afterIdle: Case = {
  name: "shm-after-idle",
  summary: "the first call over shared memory after a second without any, beside a Unix socket",
  needsBinary: true,
  async measure(context) {
    const sides = await startGreeting(context);
    await sides.shm.latency(CALLS_BEFORE);
    await sides.uds.latency(CALLS_BEFORE);
    const samples = await takeTurns(ROUNDS, {
      ours: () => sides.shm.latency(1, IDLE_MS),
      reference: () => sides.uds.latency(1, IDLE_MS),
    });
    assertTransports(sides);
    return [
      compare(figure(samples, ({ p50Micros }) => p50Micros), {
        metric: "first call after 1 s idle",
        unit: "us",
        reference: "the same over a Unix socket",
        target: { ratioMax: 1.5 },
      }),
    ];
  },
};
