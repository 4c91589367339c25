import { CellError, MIB } from "../../../lib/base/mod.ts";
import type { RpcClient } from "../../../lib/rpc/mod.ts";
import {
  type Case,
  compare,
  type LoadClient,
  type Measurement,
  ServiceProcess,
  takeTurns,
  type Target,
} from "../../harness/mod.ts";
import { assertTransports, type Sides, startSides } from "./sides.ts";

const ROUNDS = { warmUps: 3, rounds: 11 };
const ROUND_MS = 300;
const MESSAGE_BYTES = 1 * MIB;
const RATIO_MIN = 3;

/** Large messages: there and back. */
export const echo: Case = {
  name: "shm-echo",
  summary: "1 MiB there and back over shared memory, beside a Unix socket",
  needsBinary: true,
  async measure(context) {
    const service = () => new ServiceProcess(context, { source: "bench/services/bytes.ts", ask });
    const sides = await startSides(service, "bytes_client.ts", String(MESSAGE_BYTES));
    return [await measureEcho(sides, 1, { ratioMin: RATIO_MIN }), await measureEcho(sides, 4)];
  },
};

async function measureEcho(sides: Sides, inFlight: number, target?: Target): Promise<Measurement> {
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
    ...(target === undefined ? {} : { target }),
  });
}

async function ask(client: RpcClient): Promise<void> {
  const answer = await client.call("echo", [Uint8Array.of(1, 2, 3)]);
  if (answer instanceof Uint8Array && answer.length === 3) return;
  throw new CellError("INTERNAL", `expected three bytes from echo, found ${Bun.inspect(answer)}`);
}
