/**
 * What the QUIC cases connect to, in one process: a service with a call and a stream, over QUIC and over a Unix socket; and the
 * floors, an echo of datagrams and one of a bare stream of the runtime. `bun service.ts FOLDER`; says its ports on stdout.
 */
import { join } from "node:path";
import { listenUnix } from "../../lib/net/mod.ts";
import { listenQuic } from "../../lib/net/quic/mod.ts";
import { DEFAULT_QUIC_OPTIONS } from "../../lib/net/quic/options.ts";
import { loadQuic, type QuicStream } from "../../lib/net/quic/runtime.ts";
import { listenOptions, SOCKET_OPTIONS } from "../../lib/net/quic/session_options.ts";
import { createServer } from "../../lib/rpc/mod.ts";
import { SCHEMA } from "./schema.ts";
import { readSide } from "./sides.ts";

const [folder = ""] = process.argv.slice(2);
const { credentials, trust } = readSide(folder, "server");
const server = createServer({
  schema: SCHEMA,
  instance: "hello",
  handlers: {
    greet: { fn: async (...args: unknown[]) => ({ greeting: `Hello, ${(args[0] as { name: string }).name}!` }) },
    count: { fn: (...args: unknown[]) => count(args[0] as number) },
  },
});

async function* count(to: number): AsyncGenerator<number> {
  for (let number = 0; number < to; number++) yield number;
}

async function echo(stream: QuicStream): Promise<void> {
  stream.onerror = () => {};
  for await (const batch of stream) for (const chunk of batch) stream.writer.writeSync(chunk);
}

const listener = await listenQuic({
  host: "127.0.0.1",
  port: 0,
  credentials: () => credentials,
  trust,
  onLink: (link) => server.accept(link),
});
await listenUnix(join(folder, "hello.sock"), { onLink: (link) => server.accept(link) });
const bare = await (await loadQuic()).listen((session) => {
  session.onerror = () => {};
  session.onstream = (stream) => void echo(stream).catch(() => {});
}, listenOptions({ address: "127.0.0.1:0", ...SOCKET_OPTIONS }, credentials, DEFAULT_QUIC_OPTIONS));
const udp = await Bun.udpSocket({
  hostname: "127.0.0.1",
  socket: { data: (socket, bytes, port, address) => void socket.send(bytes, port, address) },
});
console.log(JSON.stringify({ quic: listener.port, bare: bare.address!.port, udp: udp.port }));
