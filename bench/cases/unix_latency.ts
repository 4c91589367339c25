import { join } from "node:path";
import { type Case, compare, HelloService, LoadClient, onOneCore, takeTurns } from "../harness/mod.ts";
import { countBytes } from "./wire_tap.ts";

const ROUNDS = { warmUps: 5, rounds: 15 };
/** Long enough for a stable median, short enough that the two sides meet the same state of the machine. */
const CALLS_PER_ROUND = 3_000;

const FLOOR = join(import.meta.dir, "..", "floor");

/** One call after the other over a Unix socket, beside an echo of as many bytes; two processes each, all on one core. */
export const unixLatency: Case = {
  name: "unix-latency",
  summary: "a call over a Unix socket, one at a time, beside a raw Bun echo of the same bytes",
  needsBinary: true,
  async measure(context) {
    const { resources, progress } = context;
    const service = new HelloService(context, onOneCore);
    const server = await service.start();
    const bytes = await countBytes(service, server, join(resources.temporaryDirectory(), "tap.sock"));
    progress(`a call is ${bytes.request} bytes there and ${bytes.response} bytes back`);

    const client = await service.startClient("cell_client.ts", "uds");
    const echo = [join(resources.temporaryDirectory(), "echo.sock"), String(bytes.request), String(bytes.response)];
    const startEcho = async (role: "server" | "client"): Promise<LoadClient> => {
      const program = resources.start(onOneCore([process.execPath, join(FLOOR, `echo_${role}.ts`), ...echo], role));
      await program.answer();
      return new LoadClient(program);
    };
    await startEcho("server");
    const floor = await startEcho("client");

    const samples = await takeTurns(ROUNDS, {
      ours: () => client.latency(CALLS_PER_ROUND),
      floor: () => floor.latency(CALLS_PER_ROUND),
    });
    client.assertTransport("uds");
    const comparison = (figure: "p50Micros" | "p99Micros") => ({
      ours: samples.ours.map((sample) => sample[figure]),
      reference: samples.floor.map((sample) => sample[figure]),
    });
    const reference = "raw Bun echo";
    return [
      compare(comparison("p50Micros"), { metric: "p50 of a call", unit: "us", reference, target: { ratioMax: 1.3 } }),
      compare(comparison("p99Micros"), { metric: "p99 of a call", unit: "us", reference }),
    ];
  },
};
