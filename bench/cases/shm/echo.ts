import { CellError, MIB } from "../../../lib/base/mod.ts";
import type { RpcClient } from "../../../lib/rpc/mod.ts";
import { type Case, compare, type LoadClient, type Measurement, ServiceProcess, takeTurns } from "../../harness/mod.ts";
import { assertTransports, type Sides, startSides } from "./sides.ts";

const ROUNDS = { warmUps: 3, rounds: 11 };
const ROUND_MS = 300;
const MESSAGE_BYTES = 1 * MIB;
/** What is under way at once: a message that waits for the answer to the one before, and a stream of them. */
const IN_FLIGHT = [4, 1];
const RATIO_MIN = 3;

/** Large messages: there and back. */
export const echo: Case = {
  name: "shm-echo",
  summary: "1 MiB there and back over shared memory, beside a Unix socket",
  needsBinary: true,
  async measure(context) {
    const service = () => new ServiceProcess(context, { source: "bench/services/bytes.ts", ask });
    const sides = await startSides(service, "bytes_client.ts", String(MESSAGE_BYTES));
    const measurements: Measurement[] = [];
    for (const inFlight of IN_FLIGHT) measurements.push(await measureEcho(sides, inFlight));
    return measurements;
  },
};

async function measureEcho(sides: Sides, inFlight: number): Promise<Measurement> {
  const mibPerSecond = async (client: LoadClient): Promise<number> =>
    (await client.callsPerSecond(inFlight, ROUND_MS)) * (MESSAGE_BYTES / MIB);
  const comparison = await takeTurns(ROUNDS, {
    ours: () => mibPerSecond(sides.shm),
    reference: () => mibPerSecond(sides.uds),
  });
  assertTransports(sides);
  return compare(comparison, {
    metric: `1 MiB message echoed, ${inFlight} in flight`,
    unit: "MiB/s",
    reference: "the same over a Unix socket",
    target: { ratioMin: RATIO_MIN },
  });
}

async function ask(client: RpcClient): Promise<void> {
  const answer = await client.call("echo", [Uint8Array.of(1, 2, 3)]);
  if (answer instanceof Uint8Array && answer.length === 3) return;
  throw new CellError("INTERNAL", `expected three bytes from echo, found ${Bun.inspect(answer)}`);
}
