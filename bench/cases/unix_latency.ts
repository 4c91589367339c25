import { join } from "node:path";
import { type Case, compare, HelloService, interleave, onOneCore, type Program } from "../harness/mod.ts";
import { countBytes } from "./wire_tap.ts";

const ROUNDS = { warmUps: 5, rounds: 15 };
/** Long enough for a stable median, short enough that the two sides meet the same state of the machine. */
const CALLS_PER_ROUND = 3_000;

const root = join(import.meta.dir, "..");

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

    const program = (folder: string, file: string, ...args: string[]): string[] =>
      onOneCore([process.execPath, join(root, folder, file), ...args]);
    const client = resources.start(program("load", "cell_client.ts", "hello"), { env: { CELL_HOME: service.home } });
    const echo = [join(resources.temporaryDirectory(), "echo.sock"), String(bytes.request), String(bytes.response)];
    const echoServer = resources.start(program("floor", "echo_server.ts", ...echo));
    await echoServer.answer();
    const echoClient = resources.start(program("floor", "echo_client.ts", ...echo));
    await Promise.all([client.answer(), echoClient.answer()]);

    const p99 = { ours: [] as number[], reference: [] as number[] };
    const p50 = await interleave(
      ROUNDS,
      () => p50Micros(client, p99.ours),
      () => p50Micros(echoClient, p99.reference),
    );
    const reference = "raw Bun echo";
    return [
      compare(p50, { metric: "p50 of a call", unit: "us", reference, target: { ratioMax: 1.3 } }),
      compare(p99, { metric: "p99 of a call", unit: "us", reference }),
    ];
  },
};

async function p50Micros(client: Program, p99: number[]): Promise<number> {
  const answer = (await client.ask({ calls: CALLS_PER_ROUND })) as { p50Micros: number; p99Micros: number };
  p99.push(answer.p99Micros);
  return answer.p50Micros;
}
