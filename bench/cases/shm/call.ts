import {
  type Case,
  compare,
  installPeers,
  onTwoCores,
  startGrpc,
  startMoleculer,
  takeTurns,
} from "../../harness/mod.ts";
import { assertTransports, startGreeting } from "./sides.ts";

const ROUNDS = { warmUps: 5, rounds: 11 };
/** About a tenth of a second each. */
const CALLS = { shm: 50_000, uds: 4_000, moleculer: 1_500, grpc: 700 };
const P50_MICROS_MAX = 1.2;
const P99_MICROS_MAX = 20;
/** A fiftieth. */
const RATIO_MAX = 0.02;
const MOLECULER = "Moleculer over TCP, two Node processes";

/**
 * One typed call after the other, everybody hot. The peers' servers and clients are given a core each. Ours are not: who
 * polls has a core to itself anyway, and a process that may use one core only never polls.
 */
export const call: Case = {
  name: "shm-call",
  summary: "a call over shared memory, one at a time, beside Moleculer, grpc-js and a Unix socket (needs the peers)",
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const sides = await startGreeting(context);
    const moleculer = await startMoleculer(context.resources, onTwoCores);
    const moleculerAnywhere = await startMoleculer(context.resources);
    const grpc = await startGrpc(context.resources, onTwoCores);
    const samples = await takeTurns(ROUNDS, {
      shm: () => sides.shm.latency(CALLS.shm),
      uds: () => sides.uds.latency(CALLS.uds),
      moleculer: () => moleculer.latency(CALLS.moleculer),
      moleculerAnywhere: () => moleculerAnywhere.latency(CALLS.moleculer),
      grpc: () => grpc.latency(CALLS.grpc),
    });
    assertTransports(sides);
    const micros = (side: keyof typeof samples, figure: "p50Micros" | "p99Micros") =>
      samples[side].map((sample) => sample[figure]);
    const beside = (side: keyof typeof samples, figure: "p50Micros" | "p99Micros" = "p50Micros") => ({
      ours: micros("shm", figure),
      reference: micros(side, figure),
    });
    const p50 = { metric: "p50 of a call", unit: "us" };
    const target = { valueMax: P50_MICROS_MAX, ratioMax: RATIO_MAX };
    return [
      compare(beside("moleculer"), { ...p50, reference: MOLECULER, target }),
      compare(beside("grpc"), { ...p50, reference: "grpc-js over a Unix socket", target }),
      compare(beside("moleculerAnywhere"), { ...p50, reference: `${MOLECULER}, cores not assigned` }),
      compare(beside("uds"), { ...p50, reference: "the same over a Unix socket" }),
      compare(beside("moleculer", "p99Micros"), {
        metric: "p99 of a call",
        unit: "us",
        reference: MOLECULER,
        target: { valueMax: P99_MICROS_MAX },
      }),
    ];
  },
};
