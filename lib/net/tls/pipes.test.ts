import { afterEach, beforeEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { CellError, KIB, MIB } from "../../base/mod.ts";
import { turnsUntil as until } from "../testing/turns_until.ts";
import { bytePipe, PIPE_BYTES, pipeToTcp, RELAY_IDLE_MS } from "./mod.ts";
import { Asker } from "./testing/echo.ts";
import { TlsWorld } from "./testing/tls_world.ts";

setDefaultTimeout(120_000);

/** A port of this machine at which nobody listens: it is nobody's to be given, as one that was free a moment ago is. */
const NOBODYS_PORT = 1;

let stopped: (() => void)[] = [];
beforeEach(() => void (stopped = []));
afterEach(() => {
  jest.useRealTimers();
  stopped.forEach((stop) => stop());
});

type PlainSocket = Bun.Socket<undefined>;

/** A plain server, and the connections that it has. */
function serve(
  handlers: { data?(socket: PlainSocket, chunk: Uint8Array): void; open?(socket: PlainSocket): void } = {},
) {
  const sockets: PlainSocket[] = [];
  let closed = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        sockets.push(socket);
        handlers.open?.(socket);
      },
      data: (socket, chunk) => handlers.data?.(socket, chunk),
      close: () => void closed++,
    },
  });
  stopped.push(() => listener.stop(true));
  return { port: listener.port, sockets, closed: () => closed };
}

/** Waits until a number has not changed for some turns of the event loop. */
async function settled(value: () => number): Promise<number> {
  let before = -1;
  while (value() !== before) {
    before = value();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return before;
}

async function failure(attempt: Promise<unknown>): Promise<CellError> {
  const error = await attempt.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

/** Bytes that do not come. */
function never(): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
}

/** Bytes that cannot be had. */
function failing(error: CellError): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

test("a relay carries bytes both ways, in order, in pieces of bounded length", async () => {
  const { port } = serve({ data: (socket, chunk) => void socket.write(chunk) });
  const sent = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  const received: Uint8Array[] = [];
  const source = Promise.withResolvers<void>();
  async function* bytes() {
    for (let start = 0; start < sent.length; start += 30_000) yield sent.subarray(start, start + 30_000);
    await source.promise;
  }
  let count = 0;
  for await (const piece of pipeToTcp(bytes(), { port })) {
    received.push(piece);
    expect(piece.length).toBeLessThanOrEqual(PIPE_BYTES);
    if ((count += piece.length) === sent.length) break;
  }
  source.resolve();
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test("a relay whose caller does not read stops reading from the port", async () => {
  let written = 0;
  const chunk = new Uint8Array(64 * KIB);
  const fill = (socket: PlainSocket) => {
    for (let taken = chunk.length; taken === chunk.length;) written += Math.max(0, taken = socket.write(chunk));
  };
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: fill, drain: fill, data() {} } });
  stopped.push(() => listener.stop(true));
  const relay = pipeToTcp(never(), { port: listener.port });
  await relay.next();
  // The kernel's own buffers, and one piece more than the relay's.
  expect(await settled(() => written)).toBeLessThan(16 * MIB);
  await relay.return(undefined);
});

test("a relay to a port that does not read stops asking its caller for bytes", async () => {
  const { port, sockets } = serve({ open: (socket) => void socket.pause() });
  let given = 0;
  async function* bytes() {
    for (; given < 64 * MIB; given += PIPE_BYTES) yield new Uint8Array(PIPE_BYTES);
  }
  const relay = pipeToTcp(bytes(), { port });
  const first = relay.next();
  await until(() => sockets.length === 1 && given > 0);
  expect(await settled(() => given)).toBeLessThan(16 * MIB);
  sockets[0]!.terminate();
  await first.catch(() => {});
});

test("a relay ends with its port, and what the port sent before still arrives", async () => {
  const { port } = serve({ data: (socket) => void socket.end(new Uint8Array(1000)) });
  async function* bytes() {
    yield Uint8Array.of(1);
    yield* never();
  }
  let count = 0;
  for await (const piece of pipeToTcp(bytes(), { port })) count += piece.length;
  expect(count).toBe(1000);
});

test("a relay ends when its caller's bytes end, all of which arrive, and when its caller stops listening", async () => {
  const received: number[] = [];
  const { port, sockets, closed } = serve({
    data(socket, chunk) {
      received.push(...chunk);
      socket.write(chunk);
    },
  });
  async function* bytes() {
    yield Uint8Array.of(1, 2, 3);
  }
  // What the port answers is not waited for.
  for await (const _ of pipeToTcp(bytes(), { port }));
  await until(() => closed() === 1);
  expect(received).toEqual([1, 2, 3]);
  let isReturned = false;
  async function* endless() {
    try {
      while (true) {
        yield Uint8Array.of(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      isReturned = true;
    }
  }
  for await (const _ of pipeToTcp(endless(), { port })) break;
  await until(() => closed() === 2 && isReturned);
  expect(sockets.length).toBe(2);
});

test("a relay ends when its caller's bytes fail", async () => {
  const { port, closed } = serve();
  async function* bytes() {
    yield Uint8Array.of(1);
    throw new Error("the caller is gone");
  }
  for await (const _ of pipeToTcp(bytes(), { port }));
  await until(() => closed() === 1);
});

test("a relay that is used now and then stays, and is closed when nothing went through it for its time", async () => {
  jest.useFakeTimers();
  const { port, closed } = serve({ data: (socket, chunk) => void socket.write(chunk) });
  const turns = Array.from({ length: 15 }, () => Promise.withResolvers<void>());
  async function* nowAndThen() {
    for (const [index, { promise }] of turns.entries()) {
      await promise;
      yield Uint8Array.of(index);
    }
    yield* never();
  }
  const relay = pipeToTcp(nowAndThen(), { port });
  for (const [index, { resolve }] of turns.entries()) {
    resolve();
    expect((await relay.next()).value).toEqual(Uint8Array.of(index));
    jest.advanceTimersByTime(RELAY_IDLE_MS);
  }
  const last = failure(relay.next());
  jest.advanceTimersByTime(RELAY_IDLE_MS);
  const error = await last;
  expect(error.code).toBe("UNAVAILABLE");
  expect(error.message).toContain(`nothing was sent either way for ${RELAY_IDLE_MS} ms`);
  await until(() => closed() === 1);
});

test("a relay to a port where nobody listens says so, and that nothing was started", async () => {
  let isReturned = false;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => (isReturned = true, Promise.resolve({ done: true as const, value: undefined })),
    }),
  };
  const error = await failure(pipeToTcp(source, { port: NOBODYS_PORT }).next());
  expect(error).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
  expect(error.message).toContain(`relaying to 127.0.0.1:${NOBODYS_PORT}: nobody listens there`);
  expect(isReturned).toBe(true);
});

test("a pipe holds a bounded number of bytes for a far end that does not ask for them", async () => {
  const asked = Promise.withResolvers<void>();
  let received = 0;
  const pipe = bytePipe(async function* (outgoing) {
    await asked.promise;
    for await (const piece of outgoing) {
      expect(piece.length).toBeLessThanOrEqual(PIPE_BYTES);
      received += piece.length;
    }
    yield new Uint8Array(0);
  });
  pipe.resume();
  let written = 0;
  while (pipe.write(new Uint8Array(10_000))) written += 10_000;
  written += 10_000;
  expect(written).toBeLessThan(PIPE_BYTES + 20_000);
  expect(received).toBe(0);
  asked.resolve();
  await new Promise((resolve) => pipe.once("drain", resolve));
  pipe.end();
  await until(() => received === written);
});

test("a pipe asks its far end for no more than it is read", async () => {
  let given = 0;
  const pipe = bytePipe(async function* () {
    for (; given < 100; given++) yield new Uint8Array(PIPE_BYTES / 4);
  });
  pipe.read(0);
  expect(await settled(() => given)).toBeLessThan(8);
  pipe.destroy();
});

test("a pipe whose far end fails ends with that error, and is asked for nothing any more", async () => {
  const pipe = bytePipe(async function* () {
    yield Uint8Array.of(1);
    throw new CellError("NOT_FOUND", "there is no such instance");
  });
  const failed = new Promise<CellError>((resolve) => pipe.once("error", resolve));
  pipe.resume();
  expect((await failed).message).toBe("there is no such instance");
  expect(pipe.destroyed).toBe(true);
});

test("destroying a pipe ends both of its directions", async () => {
  let isReturned = false;
  let isOver = false;
  const pipe = bytePipe((outgoing) => {
    void (async () => {
      for await (const _ of outgoing);
      isOver = true;
    })();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => (isReturned = true, Promise.resolve({ done: true as const, value: undefined })),
      }),
    };
  });
  pipe.resume();
  pipe.destroy();
  await until(() => isReturned && isOver);
});

test("TLS through a relay is between the two instances: the relay sees only what is encrypted", async () => {
  const world = await TlsWorld.create();
  stopped.push(() => void world.dispose());
  const { port } = await world.listen();
  const seen: Uint8Array[] = [];
  async function* watched(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      seen.push(Uint8Array.from(piece));
      yield piece;
    }
  }
  const pipe = bytePipe((outgoing) => watched(pipeToTcp(watched(outgoing), { port })));
  const link = await world.dial({ port }, { pipe });
  expect(link.peer).toMatchObject({ node: world.serverNode.nodeId, instance: "hello@2" });
  const asker = new Asker(link);
  expect(await asker.ask("a word that nobody else may read")).toBe("a word that nobody else may read");
  const all = Buffer.concat(seen).toString("latin1");
  expect(all.length).toBeGreaterThan(2000);
  expect(all).not.toContain("a word");
  link.close();
  await until(() => pipe.destroyed);
});

test("a relay that changes a byte ends the connection, and delivers nothing of it", async () => {
  const world = await TlsWorld.create();
  stopped.push(() => void world.dispose());
  const { port } = await world.listen();
  let tampers = false;
  async function* tampering(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      const copy = Uint8Array.from(piece);
      if (tampers) copy[copy.length - 1]! ^= 1;
      yield copy;
    }
  }
  const pipe = bytePipe((outgoing) => tampering(pipeToTcp(outgoing, { port })));
  const asker = new Asker(await world.dial({ port }, { pipe }));
  tampers = true;
  let isAnswered = false;
  void asker.ask("hello").then(() => isAnswered = true);
  expect((await asker.closed.promise)?.code).toBe("UNAVAILABLE");
  expect(isAnswered).toBe(false);
});

test("a relay that cannot reach the instance is what the dialer hears of", async () => {
  const world = await TlsWorld.create();
  stopped.push(() => void world.dispose());
  const missing = new CellError("NOT_FOUND", "relaying to hello@2: no such instance runs here");
  const pipe = bytePipe(() => failing(missing));
  const error = await failure(world.dial({ port: 9 }, { pipe }));
  expect(error).toMatchObject({ code: "NOT_FOUND", message: missing.message, data: { started: false } });
  const silent = bytePipe(() => never());
  expect((await failure(world.dial({ port: 9 }, { pipe: silent, timeoutMs: 30 }))).code).toBe("UNAVAILABLE");
  expect(silent.destroyed).toBe(true);
  const gone = bytePipe(() => never());
  gone.destroy();
  expect((await failure(world.dial({ port: 9 }, { pipe: gone }))).code).toBe("UNAVAILABLE");
});

test("a link through a relay lets its carrier keep the process alive, or not", async () => {
  const world = await TlsWorld.create();
  stopped.push(() => void world.dispose());
  const { port } = await world.listen();
  const told: string[] = [];
  const carrier = { ref: () => void told.push("ref"), unref: () => void told.push("unref") };
  const link = await world.dial({ port }, { pipe: bytePipe((outgoing) => pipeToTcp(outgoing, { port }), carrier) });
  link.unref();
  link.ref();
  expect(told).toEqual(["unref", "ref"]);
});
