import { encode } from "@msgpack/msgpack";
import { expect } from "bun:test";
import fc from "fast-check";
import { memoryLinks } from "../net/mod.ts";
import { HEADER_BYTES, Kind } from "../wire/mod.ts";
import { createClient, createServer, type RpcClient } from "./mod.ts";
import type { Transport } from "./link_conformance.ts";
import { RawPeer } from "./raw_peer.ts";
import {
  collect,
  NUMBER,
  numbers,
  serviceOf,
  streaming,
  streamOf,
  STRING,
  unary,
  UNKNOWN,
  until,
} from "./test_service.ts";
import { connectLinks, testOverTransports } from "./test_transports.ts";

/**
 * A server under bytes that no honest client sends, and a client under those of no honest server. After every attack an
 * honest peer must be served, and nothing may be in flight.
 */
const METHODS = {
  add: unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b),
  count: streaming([NUMBER], NUMBER, (to: number) => numbers(Math.min(to, 50))),
  echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value),
  total: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
    let total = 0;
    for await (const item of items) total += item;
    return total;
  }),
  upper: unary([STRING], STRING, async (text: string) => text.toUpperCase()),
};
const { schema, handlers } = serviceOf(METHODS);
/** In memory all frames come cheap. Another transport carries the same bytes: fewer, unless `make soak` asks for all. */
const framesOver = ({ name }: Transport): number =>
  name === "memory" || process.env["CELL_SOAK"] !== undefined ? 10_000 : 2_000;
/** One frame in so many at least reaches a handler. */
const CALLS_ONE_IN = 50;
const NAMES = Object.keys(METHODS);
/** The slowest transport answers within so many turns of an event loop that does nothing else. */
const TURNS_MAX = 16;

function startServer() {
  const server = createServer({ schema, handlers, instance: "target" });
  return {
    server,
    async attacker() {
      const [there, here] = await connectLinks();
      server.accept(there);
      return new RawPeer(here);
    },
    async honest(): Promise<RpcClient> {
      const [there, here] = await connectLinks();
      server.accept(there);
      const client = createClient(here, { schema });
      // Who has said nothing yet is sent away after a time that an attack may take.
      await client.hello();
      return client;
    },
  };
}

/** A frame of an honest client, as bytes. */
function honestFrames(): Uint8Array[] {
  const [there, here] = memoryLinks();
  const peer = new RawPeer(here);
  const { writer } = peer.link;
  const gene = (name: string) => schema.methods[name]!.gene;
  const frames: Uint8Array[] = [];
  const take = (send: () => void) => {
    const from = writer.length;
    send();
    frames.push(writer.bytes.slice(from, writer.length));
  };
  take(() => peer.request(1, 0, gene("add"), [1, 2], { deadline: 1000 }));
  take(() => peer.request(2, 1, gene("count"), [20]));
  take(() => peer.request(3, 2, gene("echo"), [{ a: [1, "x", null, new Uint8Array(5)], d: new Date(0) }]));
  take(() => peer.request(4, 3, gene("total"), [null]));
  take(() => peer.send(Kind.item, { callId: 4, payload: encode(5) }));
  take(() => peer.send(Kind.end, { callId: 4 }));
  take(() => peer.request(5, 4, gene("upper"), ["hello"], { service: "shop", trace: "x" }));
  take(() => peer.request(6, 0xfffd, "0".repeat(16), [{ name: "add", method: schema.methods["add"], types: {} }]));
  take(() => peer.send(Kind.cancel, { callId: 2 }));
  take(() => peer.send(Kind.credit, { callId: 2, payload: encode(100) }));
  take(() => peer.send(Kind.ping));
  here.destroy();
  there.destroy();
  return frames;
}

/** Sends bytes as they are. */
function sendBytes(peer: RawPeer, bytes: Uint8Array): void {
  peer.link.writer.append(bytes);
  peer.link.commit();
}

/** Waits until the server has read what was sent, or most of it: one that is in the middle of a payload answers no ping. */
async function takenIn(peer: RawPeer): Promise<void> {
  const heard = peer.frames.length;
  peer.send(Kind.ping, { callId: 1 });
  for (let turn = 0; turn < TURNS_MAX && peer.frames.length === heard && !peer.closed; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function expectServed(client: RpcClient): Promise<void> {
  expect(await client.call("add", [20, 22])).toBe(42);
  expect(await client.call("upper", ["fine"])).toBe("FINE");
  expect((await collect(client.stream("count", [5]))).length).toBe(5);
  expect(await client.call("total", [numbers(4)])).toBe(6);
}

testOverTransports("thousands of random frames harm nobody", async (transport) => {
  const frameCount = framesOver(transport);
  const { server, attacker, honest } = startServer();
  const client = await honest();
  let peer = await attacker();
  const request = fc.constant(Kind.request as number);
  const frame = fc.record({
    kind: fc.oneof({ weight: 30, arbitrary: request }, fc.integer({ min: 1, max: 10 }), fc.nat(255)),
    flags: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(255)),
    method: fc.oneof({ weight: 30, arbitrary: fc.nat(6) }, fc.integer({ min: 0xfff0, max: 0xffff })),
    callId: fc.nat(200),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.anything({ maxDepth: 2 }).map(encodable),
      fc.array(fc.oneof(fc.nat(), fc.string(), fc.anything({ maxDepth: 2 })), { maxLength: 2 }).map(encodable),
      fc.array(fc.nat(), { maxLength: 2 }).map(encodable),
    ),
  });
  const sample = fc.sample(frame, { numRuns: frameCount, seed: 7 });
  for (const [index, fields] of sample.entries()) {
    if (peer.closed) peer = await attacker();
    // The right gene, or the request would go no further.
    const gene = schema.methods[NAMES[fields.method]!]?.gene ?? "0".repeat(16);
    sendBytes(peer, frameBytes({ ...fields, gene }));
    if (index % 5 === 0) await takenIn(peer);
    if (index % 1000 === 0) await expectServed(client);
  }
  await expectServed(client);
  // Enough of them get past the first checks to mean something.
  expect(server.stats().calls).toBeGreaterThan(frameCount / CALLS_ONE_IN);
  peer.link.destroy();
  await until(() => server.stats().connections === 1 && server.stats().inFlight === 0);
});

testOverTransports("thousands of mutated frames of honest calls harm nobody", async (transport) => {
  const frameCount = framesOver(transport);
  const { server, attacker, honest } = startServer();
  const client = await honest();
  const frames = honestFrames();
  let peer = await attacker();
  const mutation = fc.tuple(
    fc.nat(frames.length - 1),
    fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
  );
  for (const [index, [which, changes]] of fc.sample(mutation, { numRuns: frameCount, seed: 11 }).entries()) {
    // A frame with a dishonest length takes what follows for its payload, so that is where a connection ends.
    if (index % 20 === 1) peer.link.close();
    if (peer.closed) peer = await attacker();
    const bytes = frames[which]!.slice();
    for (const [at, value] of changes) {
      bytes[index % 20 === 0 ? at % bytes.length : 4 + at % (bytes.length - 4)] = value;
    }
    sendBytes(peer, bytes);
    if (index % 5 === 0) await takenIn(peer);
    if (index % 1000 === 0) await expectServed(client);
  }
  await expectServed(client);
  // Enough of them get past the first checks to mean something.
  expect(server.stats().calls).toBeGreaterThan(frameCount / CALLS_ONE_IN);
  peer.link.destroy();
  await until(() => server.stats().connections === 1 && server.stats().inFlight === 0);
});

testOverTransports("random bytes, cut anywhere, harm nobody", async () => {
  const { server, attacker, honest } = startServer();
  const client = await honest();
  for (
    const chunks of fc.sample(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), {
      numRuns: 300,
      seed: 13,
    })
  ) {
    const peer = await attacker();
    for (const chunk of chunks) {
      sendBytes(peer, chunk);
      peer.link.flush();
    }
    peer.link.close();
  }
  await expectServed(client);
  await until(() => server.stats().connections === 1 && server.stats().inFlight === 0);
});

testOverTransports("a client survives a server that sends random frames, and its calls all end", async () => {
  const frame = fc.record({
    kind: fc.oneof(fc.nat(12), fc.constantFrom(Kind.response, Kind.error, Kind.item, Kind.end)),
    flags: fc.constantFrom(0, 0, 0, 1, 2),
    method: fc.nat(6),
    callId: fc.nat(8),
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.anything({ maxDepth: 2 }).map(encodable)),
  });
  for (const frames of fc.sample(fc.array(frame, { maxLength: 40 }), { numRuns: 200, seed: 17 })) {
    const [there, here] = await connectLinks();
    const server = new RawPeer(there);
    const client = createClient(here);
    const calls = [
      client.call("add", [1, 2]),
      client.call("total", [numbers(3)]),
      collect(client.stream("count", [3])),
      client.stats(),
    ];
    const ended = Promise.allSettled(calls);
    await until(() => server.frames.length > 0);
    for (const fields of frames) sendBytes(server, frameBytes({ ...fields, gene: "0".repeat(16) }));
    server.link.close();
    await ended;
    await client.closed;
    expect(client.inFlight).toBe(0);
  }
});

function encodable(value: unknown): Uint8Array {
  try {
    return encode(value, { ignoreUndefined: true });
  } catch {
    return Uint8Array.of(0xc0);
  }
}

function frameBytes(
  { kind, flags, method, callId, gene, payload }: {
    kind: number;
    flags: number;
    method: number;
    callId: number;
    gene: string;
    payload: Uint8Array;
  },
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  bytes[4] = kind;
  bytes[5] = flags;
  view.setUint16(6, method, true);
  view.setUint32(8, callId, true);
  bytes.set(Buffer.from(gene, "hex"), 12);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}
