import { type Case, compare, HelloService, installPeers, interleave, startMoleculer } from "../harness/mod.ts";

const ROUNDS = { warmUps: 3, rounds: 9 };
const ROUND_MS = 1_000;
const IN_FLIGHT = 64;

/**
 * Many calls at once: one client process and one server process on either side, the same call, the same loop. Ours takes
 * the transport that a user gets who does not choose.
 */
export const throughput: Case = {
  name: "throughput",
  summary: "calls per second with 64 in flight, beside Moleculer over TCP (needs the peers)",
  needsBinary: true,
  async measure(context) {
    await installPeers(context.progress);
    const service = new HelloService(context);
    await service.start();
    const client = await service.startClient("cell_client.ts", "auto");
    const moleculer = await startMoleculer(context.resources);
    const comparison = await interleave(
      ROUNDS,
      () => client.callsPerSecond(IN_FLIGHT, ROUND_MS),
      () => moleculer.callsPerSecond(IN_FLIGHT, ROUND_MS),
    );
    return [
      compare(comparison, {
        metric: `calls answered with ${IN_FLIGHT} in flight, over ${client.transport}`,
        unit: "calls/s",
        reference: "Moleculer over TCP, two Node processes",
        target: { ratioMin: 3 },
      }),
    ];
  },
};
