import { type Case, compare, installPeers, startGrpc, startMoleculer, takeTurns } from "../../harness/mod.ts";
import { assertTransports, startGreeting } from "./sides.ts";

const ROUNDS = { warmUps: 3, rounds: 11 };
/** About a tenth of a second each. */
const CALLS = { shm: 50_000, uds: 4_000, moleculer: 1_000, grpc: 500 };
const P50_MICROS_MAX = 1.2;
const P99_MICROS_MAX = 20;
/** A fiftieth. */
const RATIO_MAX = 0.02;
const MOLECULER = "Moleculer over TCP, two Node processes";

/** One typed call after the other, everybody hot. */
export const call: Case = {
  name: "shm-call",
  summary: "a call over shared memory, one at a time, beside Moleculer, grpc-js and a Unix socket (needs the peers)",
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const sides = await startGreeting(context);
    const moleculer = await startMoleculer(context.resources);
    const grpc = await startGrpc(context.resources);
    const samples = await takeTurns(ROUNDS, {
      shm: () => sides.shm.latency(CALLS.shm),
      uds: () => sides.uds.latency(CALLS.uds),
      moleculer: () => moleculer.latency(CALLS.moleculer),
      grpc: () => grpc.latency(CALLS.grpc),
    });
    assertTransports(sides);
    const p50 = (side: keyof typeof samples) => samples[side].map(({ p50Micros }) => p50Micros);
    const p99 = (side: keyof typeof samples) => samples[side].map(({ p99Micros }) => p99Micros);
    const about = { metric: "p50 of a call", unit: "us", target: { valueMax: P50_MICROS_MAX, ratioMax: RATIO_MAX } };
    return [
      compare({ ours: p50("shm"), reference: p50("moleculer") }, { ...about, reference: MOLECULER }),
      compare({ ours: p50("shm"), reference: p50("grpc") }, { ...about, reference: "grpc-js over a Unix socket" }),
      compare({ ours: p99("shm"), reference: p99("moleculer") }, {
        metric: "p99 of a call",
        unit: "us",
        reference: MOLECULER,
        target: { valueMax: P99_MICROS_MAX },
      }),
      compare({ ours: p50("shm"), reference: p50("uds") }, {
        metric: "p50 of a call",
        unit: "us",
        reference: "the same over a Unix socket",
      }),
    ];
  },
};
