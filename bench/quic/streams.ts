/**
 * How many streams a connection's calls should take: one for all, some that calls are pinned to by their id, or one per
 * call. The bare streams of the runtime, a client process and a server process, frames of 64 bytes that are sent back:
 *
 *     bun bench/quic/streams.ts
 *
 * First on loopback as it is: one call at a time, and 512 in flight. Then through a relay that takes 20 ms each way and loses
 * some datagrams, 1,000 calls a second: a lost datagram holds up what is behind it on its stream, and nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadQuic, type QuicSession, type QuicStream } from "../../lib/net/quic/runtime.ts";
import { connectOptions, listenOptions } from "../../lib/net/quic/session_options.ts";
import { DEFAULT_QUIC_OPTIONS } from "../../lib/net/quic/options.ts";
import { LossyRelay } from "../../lib/net/quic/testing/mod.ts";
import { percentile } from "../harness/mod.ts";
import { readSide, writeSides } from "./sides.ts";

const FRAME_BYTES = 64;
const IN_FLIGHT = 512;
const RATE_MS = 2_000;
const SINGLE_CALLS = 10_000;
const PACED_MS = 8_000;
const PACED_PER_MS = 1;
const DELAY_MS = 20;
const LOSSES = [0, 0.01, 0.05];
/** Streams of a connection; 0 is one per call. */
const SHAPES = [1, 8, 32, 0];
const STREAMS_MAX = 2_048;

const [role, folder = "", ...rest] = process.argv.slice(2);
if (role === "server") await serve(folder);
else if (role === "client") await run(folder, Number(rest[0]), Number(rest[1]), rest[2] === "paced");
else await compareShapes();

async function serve(folder: string): Promise<void> {
  const quic = await loadQuic();
  const options = listenOptions(
    { address: "127.0.0.1:0" },
    readSide(folder, "server").credentials,
    DEFAULT_QUIC_OPTIONS,
  );
  options.transportParams.initialMaxStreamsBidi = STREAMS_MAX;
  const endpoint = await quic.listen((session) => {
    session.onerror = () => {};
    session.onstream = (stream) => void echo(stream);
  }, options);
  console.log(JSON.stringify({ port: endpoint.address!.port }));
}

async function echo(stream: QuicStream): Promise<void> {
  stream.onerror = () => {};
  stream.highWaterMark = 1 << 22;
  const { writer } = stream;
  for await (const batch of stream) for (const chunk of batch) writer.writeSync(chunk);
  writer.endSync();
}

/** Calls that are on their way, and the streams that they take. */
class Caller {
  private readonly streams: QuicStream[] = [];
  private readonly waiting = new Map<number, () => void>();
  private readonly spare = new DataView(new ArrayBuffer(FRAME_BYTES));
  private lastId = 0;

  constructor(private readonly session: QuicSession, private readonly shape: number) {}

  async open(): Promise<void> {
    while (this.streams.length < this.shape) this.streams.push(await this.openStream());
  }

  async call(): Promise<void> {
    const id = ++this.lastId;
    const stream = this.shape === 0 ? await this.openStream() : this.streams[id % this.shape]!;
    this.spare.setUint32(0, id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.set(id, resolve);
    if (!stream.writer.writeSync(new Uint8Array(this.spare.buffer))) throw new Error("a stream took no more");
    if (this.shape === 0) stream.writer.endSync();
    await promise;
  }

  private async openStream(): Promise<QuicStream> {
    const stream = await this.session.createBidirectionalStream({ highWaterMark: 1 << 22 });
    stream.onerror = () => {};
    void this.read(stream);
    return stream;
  }

  private async read(stream: QuicStream): Promise<void> {
    let rest = new Uint8Array(0);
    for await (const batch of stream) {
      for (const chunk of batch) {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        let offset = 0;
        for (; offset + FRAME_BYTES <= bytes.length; offset += FRAME_BYTES) this.answer(view.getUint32(offset));
        rest = bytes.slice(offset);
      }
    }
  }

  private answer(id: number): void {
    this.waiting.get(id)!();
    this.waiting.delete(id);
  }
}

async function run(folder: string, port: number, shape: number, isPaced: boolean): Promise<void> {
  const quic = await loadQuic();
  const endpoint = new quic.QuicEndpoint({ address: "127.0.0.1:0" });
  const options = connectOptions(endpoint, readSide(folder, "client").credentials, DEFAULT_QUIC_OPTIONS);
  const session = await quic.connect(`127.0.0.1:${port}`, options);
  session.onerror = () => {};
  await session.opened;
  const caller = new Caller(session, shape);
  await caller.open();
  console.log(JSON.stringify(isPaced ? await paced(caller) : { ...await single(caller), ...await rate(caller) }));
  process.exit(0);
}

async function single(caller: Caller): Promise<{ p50Micros: number }> {
  const micros: number[] = [];
  for (let call = 0; call < SINGLE_CALLS; call++) {
    const started = performance.now();
    await caller.call();
    micros.push((performance.now() - started) * 1000);
  }
  return { p50Micros: percentile(micros.slice(SINGLE_CALLS / 5), 0.5) };
}

async function rate(caller: Caller): Promise<{ callsPerSecond: number }> {
  let answered = 0;
  const started = performance.now();
  const loop = async () => {
    while (performance.now() - started < RATE_MS) {
      await caller.call();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return { callsPerSecond: answered / (performance.now() - started) * 1000 };
}

async function paced(caller: Caller): Promise<{ p50Ms: number; p99Ms: number; maxMs: number; overTwoTrips: number }> {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  const begin = performance.now();
  for (let made = 0; made < PACED_MS * PACED_PER_MS;) {
    const due = Math.floor((performance.now() - begin) * PACED_PER_MS);
    for (; made < due; made++) {
      const started = performance.now();
      calls.push(caller.call().then(() => void latencies.push(performance.now() - started)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
  const late = latencies.filter((ms) => ms > 4 * DELAY_MS).length;
  return {
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    maxMs: Math.max(...latencies),
    overTwoTrips: late / latencies.length,
  };
}

async function compareShapes(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cell-bench-"));
  await writeSides(folder);
  const server = Bun.spawn([process.execPath, import.meta.path, "server", folder], {
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const { value } = await server.stdout.getReader().read();
    const { port } = JSON.parse(Buffer.from(value!).toString()) as { port: number };
    const nameOf = (shape: number) => shape === 0 ? "a stream per call" : `${shape} stream${shape === 1 ? "" : "s"}`;
    console.log("loopback");
    for (const shape of SHAPES) {
      const { p50Micros, callsPerSecond } = await ask(folder, port, shape);
      console.log(
        `  ${nameOf(shape).padEnd(18)} p50 ${p50Micros!.toFixed(1)} us, ${
          Math.round(callsPerSecond!)
        } calls/s with ${IN_FLIGHT} in flight`,
      );
    }
    for (const loss of LOSSES) {
      console.log(`${DELAY_MS} ms each way, ${loss * 100} % lost, ${PACED_PER_MS * 1000} calls/s`);
      for (const shape of SHAPES) {
        const relay = await LossyRelay.start(port, { delayMs: DELAY_MS, loss });
        const { p50Ms, p99Ms, maxMs, overTwoTrips } = await ask(folder, relay.port, shape, "paced");
        relay.close();
        console.log(
          `  ${nameOf(shape).padEnd(18)} p50 ${p50Ms!.toFixed(1)} ms, p99 ${p99Ms!.toFixed(1)} ms, max ${
            maxMs!.toFixed(0)
          } ms, ` +
            `${(overTwoTrips! * 100).toFixed(1)} % over ${4 * DELAY_MS} ms`,
        );
      }
    }
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

async function ask(
  folder: string,
  port: number,
  shape: number,
  ...how: string[]
): Promise<{ [figure: string]: number }> {
  const command = [process.execPath, import.meta.path, "client", folder, String(port), String(shape), ...how];
  const client = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const answer = await client.stdout.text();
  if (await client.exited !== 0) throw new Error(`the client with ${shape} streams failed`);
  return JSON.parse(answer);
}
