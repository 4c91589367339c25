import { join } from "node:path";
import {
  type Case,
  compare,
  freePort,
  HelloService,
  installPeers,
  interleave,
  moleculerCommand,
  type Program,
} from "../harness/mod.ts";

const ROUNDS = { warmUps: 3, rounds: 9 };
const ROUND_MS = 1_000;
const IN_FLIGHT = 64;

/** Many calls at once: one client process and one server process on either side, the same call, the same loop. */
export const throughput: Case = {
  name: "throughput",
  summary: "calls per second with 64 in flight, beside Moleculer over TCP (needs the peers)",
  needsBinary: true,
  async measure(context) {
    const { resources, progress } = context;
    await installPeers(progress);
    const service = new HelloService(context);
    await service.start();
    const script = join(import.meta.dir, "..", "load", "cell_client.ts");
    const client = resources.start([process.execPath, script, "hello"], { env: { CELL_HOME: service.home } });

    const ports = [String(freePort()), String(freePort())];
    const peerServer = resources.start(moleculerCommand("server", "0", ...ports));
    await peerServer.answer();
    const peerClient = resources.start(moleculerCommand("client", ...ports));
    await Promise.all([client.answer(), peerClient.answer()]);

    const comparison = await interleave(ROUNDS, () => callsPerSecond(client), () => callsPerSecond(peerClient));
    return [
      compare(comparison, {
        metric: `calls answered with ${IN_FLIGHT} in flight`,
        unit: "calls/s",
        reference: "Moleculer over TCP, two Node processes",
        target: { ratioMin: 3 },
      }),
    ];
  },
};

async function callsPerSecond(client: Program): Promise<number> {
  const answer = await client.ask({ inFlight: IN_FLIGHT, durationMs: ROUND_MS });
  return (answer as { callsPerSecond: number }).callsPerSecond;
}
