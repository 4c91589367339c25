import { type Case, compare, installPeers, startMoleculer, takeTurns } from "../../harness/mod.ts";
import { assertTransports, startGreeting } from "./sides.ts";

const ROUNDS = { warmUps: 3, rounds: 9 };
const ROUND_MS = 400;
const IN_FLIGHT = 512;

/** Many calls of one client at once. */
export const rate: Case = {
  name: "shm-rate",
  summary:
    `calls per second over shared memory with ${IN_FLIGHT} in flight, beside Moleculer over TCP (needs the peers)`,
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const sides = await startGreeting(context);
    const moleculer = await startMoleculer(context.resources);
    const samples = await takeTurns(ROUNDS, {
      shm: () => sides.shm.callsPerSecond(IN_FLIGHT, ROUND_MS),
      uds: () => sides.uds.callsPerSecond(IN_FLIGHT, ROUND_MS),
      moleculer: () => moleculer.callsPerSecond(IN_FLIGHT, ROUND_MS),
    });
    assertTransports(sides);
    const about = { metric: `calls answered with ${IN_FLIGHT} in flight`, unit: "calls/s" };
    return [
      compare({ ours: samples.shm, reference: samples.moleculer }, {
        ...about,
        reference: "Moleculer over TCP, two Node processes",
        target: { valueMin: 1_000_000, ratioMin: 10 },
      }),
      compare({ ours: samples.shm, reference: samples.uds }, { ...about, reference: "the same over a Unix socket" }),
    ];
  },
};
