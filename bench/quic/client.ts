/**
 * The clients of the QUIC cases: `bun client.ts FOLDER KIND PORT`; a request per line of stdin. KIND is what is measured:
 * "calls", "items" (of a stream) over QUIC, "uds-items" over a Unix socket, "handshakes" to a link, "bare-handshakes" of the
 * runtime, "bare" (an echo over a stream of the runtime) or "udp" (an echo of datagrams).
 */
import { join } from "node:path";
import { dialUnix } from "../../lib/net/mod.ts";
import { dialQuic } from "../../lib/net/quic/mod.ts";
import { DEFAULT_QUIC_OPTIONS } from "../../lib/net/quic/options.ts";
import { loadQuic, type QuicEndpoint, type QuicSession } from "../../lib/net/quic/runtime.ts";
import { connectOptions, SOCKET_OPTIONS } from "../../lib/net/quic/session_options.ts";
import { createClient, type RpcClient } from "../../lib/rpc/mod.ts";
import { answerWithCalls } from "../load/closed_loop.ts";
import { answerRequests, type Load } from "../load/requests.ts";
import { SCHEMA } from "./schema.ts";
import { readSide } from "./sides.ts";

/** What the call of the cases takes on the wire, roughly. */
const ECHO_BYTES = 40;
const ITEMS = 100_000;
/** Longer than the other sides' turns: this is no script that has to end. */
const HOUR_MS = 600_000;

const [folder = "", kind = "", port = ""] = process.argv.slice(2);
const { credentials, trust } = readSide(folder, "client");

let bareEndpoint: QuicEndpoint | undefined;

const dial = () =>
  dialQuic({
    host: "127.0.0.1",
    port: Number(port),
    credentials: () => credentials,
    trust,
    options: { unrefLingerMs: HOUR_MS },
  });

switch (kind) {
  case "calls": {
    const client = createClient(await dial(), { schema: SCHEMA });
    const args = [{ name: "World" }];
    await answerWithCalls({
      call: () => client.call("greet", args) as Promise<{ greeting: string }>,
      check({ greeting }) {
        if (greeting !== "Hello, World!") throw new Error(`expected Hello, World!, found ${greeting}`);
      },
    });
    break;
  }
  case "items":
    await answerRequests(items(createClient(await dial(), { schema: SCHEMA })));
    break;
  case "uds-items":
    await answerRequests(items(createClient(await dialUnix(join(folder, "hello.sock")), { schema: SCHEMA })));
    break;
  case "handshakes":
    await answerRequests(latencies(async () => (await dial()).destroy()));
    break;
  case "bare-handshakes":
    await answerRequests(
      latencies(async () => (await connectBare()).destroy(undefined, { code: 0, type: "application" })),
    );
    break;
  case "bare":
    await answerRequests(latencies(await bareEcho()));
    break;
  case "udp":
    await answerRequests(latencies(await udpEcho()));
    break;
  default:
    throw new Error(`unknown kind ${kind}`);
}
process.exit(0);

/** One thing after the other. */
function latencies(once: () => Promise<void>): Load {
  return {
    async latenciesMicros(count) {
      const micros = new Float64Array(count);
      for (let index = 0; index < count; index++) {
        const started = performance.now();
        await once();
        micros[index] = (performance.now() - started) * 1000;
      }
      return micros;
    },
  };
}

/** Items of a stream per second. */
function items(client: RpcClient): Load {
  return {
    ...latencies(() => Promise.reject(new Error("items are counted by the second only"))),
    async callsPerSecond(_, durationMs) {
      let received = 0;
      const started = performance.now();
      while (performance.now() - started < durationMs) {
        for await (const item of client.stream("count", [ITEMS])) received += item === undefined ? 0 : 1;
      }
      return received / (performance.now() - started) * 1000;
    },
  };
}

async function connectBare(): Promise<QuicSession> {
  const quic = await loadQuic();
  bareEndpoint ??= new quic.QuicEndpoint({ address: "127.0.0.1:0", ...SOCKET_OPTIONS });
  const options = connectOptions(bareEndpoint, credentials, DEFAULT_QUIC_OPTIONS);
  const session = await quic.connect(`127.0.0.1:${port}`, options);
  session.onerror = () => {};
  await session.opened;
  return session;
}

async function bareEcho(): Promise<() => Promise<void>> {
  const stream = await (await connectBare()).createBidirectionalStream();
  const chunks = stream[Symbol.asyncIterator]();
  const bytes = new Uint8Array(ECHO_BYTES);
  return async () => {
    stream.writer.writeSync(bytes);
    await chunks.next();
  };
}

async function udpEcho(): Promise<() => Promise<void>> {
  let onAnswer: () => void = () => {};
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    connect: { hostname: "127.0.0.1", port: Number(port) },
    socket: { data: () => onAnswer() },
  });
  const bytes = new Uint8Array(ECHO_BYTES);
  return () =>
    new Promise((resolve) => {
      onAnswer = resolve;
      socket.send(bytes);
    });
}
