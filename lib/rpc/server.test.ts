import { encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { memoryLinks } from "../net/mod.ts";
import { Flag, Kind } from "../wire/mod.ts";
import { HeldTimers } from "./held_timers.ts";
import { createServer, DEFAULT_LIMITS, type RpcServer, type ServerLogEntry, type ServerOptions } from "./mod.ts";
import { RawPeer } from "./raw_peer.ts";
import {
  BYTES,
  connect,
  NUMBER,
  numbers,
  passDeadlines,
  serviceOf,
  streaming,
  streamOf,
  STRING,
  type TestMethod,
  unary,
  UNKNOWN,
  until,
  VOID,
} from "./test_service.ts";
import { takeLinks, testOverTransports } from "./test_transports.ts";

interface Served {
  server: RpcServer;
  log: ServerLogEntry[];
  gene(method: string): string;
  index(method: string): number;
  /** Another client. */
  peer(reads?: boolean): RawPeer;
}

function serve(methods: { [name: string]: TestMethod }, options: Partial<ServerOptions> = {}): Served {
  const log: ServerLogEntry[] = [];
  const service = serviceOf(methods);
  const server = createServer({ ...service, instance: "test", log: (entry) => void log.push(entry), ...options });
  return {
    server,
    log,
    gene: (method) => service.schema.methods[method]!.gene,
    index: (method) => Object.keys(methods).sort().indexOf(method),
    peer(reads) {
      const [there, here] = takeLinks();
      server.accept(there);
      return new RawPeer(here, reads);
    },
  };
}

const ADD = unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b);
const HANG = unary([], VOID, () => new Promise(() => {}));

/** A method whose calls end when the test says so. */
function gated() {
  const gates: (() => void)[] = [];
  const method = unary([], NUMBER, () => new Promise<number>((resolve) => gates.push(() => resolve(gates.length))));
  return { gates, method };
}

testOverTransports("a request of any MessagePack library is answered, with a load report in the header", async () => {
  const { peer, gene } = serve({ add: ADD });
  const client = peer();
  client.request(7, 0, gene("add"), [1, 2], { deadline: 5000, service: "shop", future: [1] });
  expect(await client.result(7)).toBe(3);
  const { low, high, method, flags } = await client.frame(Kind.response, 7);
  expect({ low, method, flags }).toEqual({ low: 0, method: 0, flags: 0 });
  expect(high).toBeLessThan(1_000_000);
});

testOverTransports("wrong arguments are INVALID_ARGUMENT for that call only", async () => {
  const { peer, gene } = serve({ add: ADD });
  const client = peer();
  client.request(1, 0, gene("add"), [1, "x"]);
  client.request(2, 0, gene("add"), [1]);
  client.send(Kind.request, { callId: 3, payload: Uint8Array.of(0xc1), gene: { low: 0, high: 0 } });
  client.request(4, 0, gene("add"), [1, 2]);
  expect(await client.error(1)).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: 'args[1]: expected number, found string "x"',
    retryable: false,
  });
  expect((await client.error(2)).code).toBe("INVALID_ARGUMENT");
  expect((await client.error(3)).code).toBe("FAILED_PRECONDITION");
  expect(await client.result(4)).toBe(3);
});

testOverTransports("an index without a method is NOT_FOUND, reserved ones included", async () => {
  const { peer, gene } = serve({ add: ADD });
  const client = peer();
  client.request(1, 1, gene("add"), []);
  client.request(2, 0xfff0, gene("add"), []);
  expect(await client.error(1)).toMatchObject({ code: "NOT_FOUND", data: { started: false } });
  expect(await client.error(2)).toMatchObject({ code: "NOT_FOUND", data: { started: false } });
});

testOverTransports(
  "another signature's gene is refused with the server's own signature, until it was found compatible",
  async () => {
    const { peer, gene } = serve({ add: ADD });
    const wider = serviceOf({ add: unary([NUMBER], NUMBER, () => 0) }).schema;
    const narrower = serviceOf({ add: unary([NUMBER, { ...NUMBER, minimum: 0 } as never], NUMBER, () => 0) }).schema;
    const client = peer();
    client.request(1, 0, narrower.methods["add"]!.gene, [1, 2]);
    const refused = await client.error(1);
    expect(refused).toMatchObject({
      code: "FAILED_PRECONDITION",
      data: { started: false, reason: "gene", name: "add" },
    });
    expect(refused.data!["method"]).toMatchObject({ gene: gene("add") });

    client.request(2, 0xfffd, "0".repeat(16), [{ name: "add", method: wider.methods["add"], types: {} }]);
    const unfit = await client.error(2);
    expect(unfit.code).toBe("FAILED_PRECONDITION");
    expect(unfit.message).toContain("args[1]");
    expect(unfit.data!["changes"]).toBeArray();

    client.request(3, 0xfffd, "0".repeat(16), [{ name: "add", method: narrower.methods["add"], types: {} }]);
    expect(await client.result(3)).toEqual({ method: 0 });
    client.request(4, 0, narrower.methods["add"]!.gene, [1, 2]);
    expect(await client.result(4)).toBe(3);
    client.request(5, 0, wider.methods["add"]!.gene, [1, 2]);
    expect((await client.error(5)).code).toBe("FAILED_PRECONDITION");

    client.request(6, 0xfffd, "0".repeat(16), [{ name: "sub", method: wider.methods["add"], types: {} }]);
    expect(await client.error(6)).toMatchObject({ code: "NOT_FOUND" });
    client.request(7, 0xfffd, "0".repeat(16), ["nonsense"]);
    expect(await client.error(7)).toMatchObject({ code: "INVALID_ARGUMENT" });
    const other = peer();
    other.request(1, 0, narrower.methods["add"]!.gene, [1, 2]);
    expect((await other.error(1)).code).toBe("FAILED_PRECONDITION");
  },
);

testOverTransports("every server says who it is, what it offers and how it does", async () => {
  const { peer, gene, server } = serve({ add: ADD }, { limits: { messageBytesMax: 100_000 } });
  const client = peer();
  client.request(1, 0, gene("add"), [1, 2]);
  client.request(2, 0xffff, "0".repeat(16), []);
  client.request(3, 0xfffe, "0".repeat(16), []);
  client.request(4, 0xfffc, "0".repeat(16), []);
  expect(await client.result(2)).toMatchObject({
    protocol: 1,
    service: "demo",
    instance: "test",
    pid: process.pid,
    messageBytesMax: 100_000,
    connectionCallsMax: DEFAULT_LIMITS.connectionCallsMax,
  });
  expect(await client.result(3)).toEqual(serviceOf({ add: ADD }).schema);
  const stats = await client.result(4) as ReturnType<typeof server.stats>;
  expect(stats).toMatchObject({ calls: 1, errors: 0, connections: 1, methods: { add: { calls: 1, errors: 0 } } });
  expect(stats.methods["add"]!.p99Micros).toBeGreaterThan(0);
});

testOverTransports(
  "whatever a handler throws reaches the caller as a clean error and the log with its stack",
  async () => {
    const thrown: { [name: string]: unknown } = {
      anError: new TypeError("x is not a thing"),
      anObject: { a: 1 },
      aText: "just text",
      aSymbol: Symbol("odd"),
      nothing: undefined,
      nullish: null,
      cyclic: new CellError("ABORTED", "with data", {
        data: (() => {
          const a: unknown[] = [];
          a.push(a);
          return a;
        })(),
      }),
      aFunction: new CellError("ABORTED", "with data", { data: () => {} }),
      surrogate: new Error("half \ud800"),
      long: new Error("x".repeat(1_000_000)),
    };
    const names = Object.keys(thrown).sort();
    const methods = Object.fromEntries(names.flatMap((name) => [
      [
        name,
        unary([], VOID, () => {
          throw thrown[name];
        }),
      ],
      [`${name}Later`, unary([], VOID, () => Promise.reject(thrown[name]))],
    ]));
    const { peer, gene, index, log } = serve(methods);
    const client = peer();
    let callId = 0;
    for (const name of Object.keys(methods)) {
      client.request(++callId, index(name), gene(name), []);
      const error = await client.error(callId);
      expect(["UNKNOWN", "ABORTED"]).toContain(error.code);
      expect(error.message.length).toBeLessThan(20_000);
      expect(JSON.stringify(error)).not.toContain("server.test.ts");
    }
    const logged = log.find(({ message }) => message.includes("x is not a thing"))!;
    expect(logged).toMatchObject({ level: "error", method: "anError" });
    expect(logged.error!.stack).toContain("server.test.ts");
    client.request(++callId, index("cyclic"), gene("cyclic"), []);
    expect(await client.error(callId)).toMatchObject({
      code: "ABORTED",
      message: expect.stringContaining("data is left out"),
    });
  },
);

testOverTransports("a nested call that did not start does not make its caller's call one that did not", async () => {
  const { peer, gene } = serve({
    outer: unary([], VOID, () => {
      throw new CellError("UNAVAILABLE", "inner is down", { data: { started: false, inner: "x" } });
    }),
  });
  const client = peer();
  client.request(1, 0, gene("outer"), []);
  expect(await client.error(1)).toEqual({
    code: "UNAVAILABLE",
    message: "inner is down",
    retryable: true,
    data: { inner: "x" },
  });
});

testOverTransports(
  "a result or an item that does not fit its type is the service's fault, says where, and is logged",
  async () => {
    const { peer, gene, index, log } = serve({
      lie: unary([], NUMBER, () => "text"),
      lies: streaming([], NUMBER, async function* () {
        yield 1;
        yield "text";
      }),
      notStream: streaming([], NUMBER, () => 5),
    });
    const client = peer();
    client.request(1, index("lie"), gene("lie"), []);
    client.request(2, index("lies"), gene("lies"), []);
    client.request(3, index("notStream"), gene("notStream"), []);
    expect(await client.error(1)).toMatchObject({
      code: "INTERNAL",
      message: 'result: expected number, found string "text"',
    });
    expect(await client.error(2)).toMatchObject({
      code: "INTERNAL",
      message: 'item: expected number, found string "text"',
    });
    expect((await client.frame(Kind.item, 2)).payload).toEqual(Uint8Array.of(1));
    expect((await client.error(3)).message).toContain("declared to return a stream");
    expect(log.filter(({ level }) => level === "error").map(({ method }) => method)).toEqual(
      ["lie", "lies", "notStream"]
        .toSorted((a, b) => log.findIndex(({ method }) => method === a) - log.findIndex(({ method }) => method === b)),
    );
  },
);

testOverTransports("a request over the limit is skipped and refused by name, and the connection goes on", async () => {
  const { peer, gene } = serve({ size: unary([BYTES], NUMBER, (bytes: Uint8Array) => bytes.length) }, {
    limits: { messageBytesMax: 10_000 },
  });
  const client = peer();
  client.request(1, 0, gene("size"), [new Uint8Array(20_000)]);
  client.request(2, 0, gene("size"), [new Uint8Array(5000)]);
  const error = await client.error(1);
  expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "messageBytesMax", started: false } });
  expect(error.message).toContain("messageBytesMax");
  expect(await client.result(2)).toBe(5000);
});

testOverTransports("a result over the limit becomes an error that names it", async () => {
  const { peer, gene } = serve({ big: unary([], BYTES, () => new Uint8Array(20_000)) }, {
    limits: { messageBytesMax: 10_000 },
  });
  const client = peer();
  client.request(1, 0, gene("big"), []);
  expect(await client.error(1)).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "messageBytesMax" } });
});

testOverTransports("an item over the limit ends its call, not the connection", async () => {
  const { peer, gene, index } = serve({
    total: unary([streamOf(BYTES)], NUMBER, async (items: AsyncIterable<Uint8Array>) => {
      let bytes = 0;
      for await (const item of items) bytes += item.length;
      return bytes;
    }),
    add: ADD,
  }, { limits: { messageBytesMax: 10_000 } });
  const client = peer();
  client.request(1, index("total"), gene("total"), [null]);
  client.send(Kind.item, { method: index("total"), callId: 1, payload: encode(new Uint8Array(20_000)) });
  expect(await client.error(1)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  client.request(2, index("add"), gene("add"), [1, 2]);
  expect(await client.result(2)).toBe(3);
});

testOverTransports("a connection has a limit of calls in flight, and the whole server has one", async () => {
  const { gates, method } = gated();
  const { peer, gene } = serve({ wait: method }, { limits: { connectionCallsMax: 2, callsMax: 3 } });
  const [first, second] = [peer(), peer()];
  for (const callId of [1, 2, 3]) first.request(callId, 0, gene("wait"), []);
  expect(await first.error(3)).toMatchObject({
    code: "RESOURCE_EXHAUSTED",
    retryable: true,
    data: { started: false, limit: "connectionCallsMax" },
  });
  second.request(1, 0, gene("wait"), []);
  second.request(2, 0, gene("wait"), []);
  expect(await second.error(2)).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "callsMax" } });
  for (const open of gates) open();
  await first.result(1);
  first.request(4, 0, gene("wait"), []);
  await until(() => gates.length === 4);
});

testOverTransports(
  "a full server sends an idle connection away for a new one, and refuses when all are busy",
  async () => {
    const { method } = gated();
    const { peer, gene, server } = serve({ wait: method }, { limits: { connectionsMax: 2 } });
    const busy = peer();
    busy.request(1, 0, gene("wait"), []);
    await until(() => server.stats().inFlight === 1);
    const idle = peer();
    const third = peer();
    expect((await idle.goaway()).reason).toBe("idle");
    await until(() => idle.closed);
    third.request(1, 0, gene("wait"), []);
    await until(() => server.stats().inFlight === 2);
    const fourth = peer();
    expect(await fourth.goaway()).toMatchObject({
      reason: "limit",
      message: expect.stringContaining("connectionsMax"),
    });
    await until(() => fourth.closed);
    expect(server.stats().connections).toBe(2);
  },
);

testOverTransports("a client that says nothing is sent away; one that spoke once may be silent", async () => {
  const handshakeMs = 7_771;
  using timers = new HeldTimers(handshakeMs);
  const { peer, server } = serve({ add: ADD }, { limits: { handshakeMs } });
  const [silent, speaker] = [peer(), peer()];
  speaker.send(Kind.ping, { callId: 5 });
  await speaker.frame(Kind.pong, 5);
  timers.fire(handshakeMs);
  expect((await silent.goaway()).reason).toBe("idle");
  await until(() => silent.closed && server.stats().connections === 1);
  speaker.send(Kind.ping, { callId: 6 });
  await speaker.frame(Kind.pong, 6);
});

testOverTransports("a ping is answered with its own call id and bytes", async () => {
  const client = serve({ add: ADD }).peer();
  client.send(Kind.ping, { callId: 77, gene: { low: 1, high: 2 } });
  expect(await client.frame(Kind.pong, 77)).toMatchObject({ low: 1, high: 2 });
});

testOverTransports(
  "a client that shows no sign of life during a call is pinged, then given up; one that answers is not",
  async () => {
    const limits = { keepAliveIntervalMs: 7_772, keepAliveTimeoutMs: 7_773 };
    using timers = new HeldTimers(limits.keepAliveIntervalMs, limits.keepAliveTimeoutMs);
    const { peer, gene, server } = serve({ hang: HANG }, { limits });
    const [dead, alive] = [peer(), peer()];
    const pings = ({ frames }: RawPeer) => frames.filter(({ kind }) => kind === Kind.ping).length;
    for (const client of [dead, alive]) {
      client.request(1, 0, gene("hang"), []);
      await until(() => server.stats().inFlight === (client === dead ? 1 : 2));
    }
    // Nothing answers a pong: the server itself knows that it has come.
    const [, { keepAlive }] = [
      ...(server as unknown as { connections: Set<{ keepAlive: { heard: boolean } }> }).connections,
    ] as [
      unknown,
      { keepAlive: { heard: boolean } },
    ];
    timers.fire(limits.keepAliveIntervalMs);
    await until(() => pings(dead) === 1 && pings(alive) === 1);
    alive.send(Kind.pong, { callId: 0 });
    await until(() => keepAlive.heard);
    timers.fire(limits.keepAliveTimeoutMs);
    await until(() => dead.closed);
    expect(dead.frames.map(({ kind }) => kind)).toEqual([Kind.ping]);
    timers.fire(limits.keepAliveIntervalMs);
    await until(() => pings(alive) === 2);
    expect([alive.closed, server.stats().inFlight]).toEqual([false, 1]);
  },
);

testOverTransports(
  "user code that reads its stream while its result is being written does not tear the frame apart",
  async () => {
    const { peer, gene } = serve({
      sly: unary([streamOf(NUMBER)], UNKNOWN, (items: AsyncGenerator<number>) => ({
        before: 1,
        get nested() {
          void items.return(undefined);
          return "fine";
        },
      })),
    });
    const client = peer();
    client.request(1, 0, gene("sly"), [null]);
    expect(await client.result(1)).toEqual({ before: 1, nested: "fine" });
    expect(client.violation).toBeUndefined();
  },
);

testOverTransports("frames that no client sends end that connection with a reason, and no other", async () => {
  const { peer, gene, log } = serve({ wait: HANG, total: unary([streamOf(NUMBER)], NUMBER, () => 0), add: ADD });
  const attacks: ((client: RawPeer) => void)[] = [
    (client) => client.send(0),
    (client) => client.send(11),
    (client) => client.send(Kind.response),
    (client) => client.send(Kind.error),
    (client) => client.send(Kind.request, { flags: Flag.compressed }),
    (client) => client.send(Kind.cancel, { payload: Uint8Array.of(1) }),
    (client) => {
      client.request(1, 2, gene("wait"), []);
      client.request(1, 2, gene("wait"), []);
    },
    (client) => {
      client.request(1, 2, gene("wait"), []);
      client.send(Kind.item, { callId: 1, payload: Uint8Array.of(1) });
    },
  ];
  const honest = peer();
  for (const attack of attacks) {
    const client = peer();
    attack(client);
    expect((await client.goaway()).reason).toBe("protocol");
    await until(() => client.closed);
  }
  expect(log.filter(({ message }) => message.includes("broke the protocol")).length).toBe(attacks.length);
  honest.request(1, 0, gene("add"), [1, 2]);
  expect(await honest.result(1)).toBe(3);
});

testOverTransports("frames for calls that are over or never were are ignored", async () => {
  const { peer, gene } = serve({ add: ADD });
  const client = peer();
  for (const kind of [Kind.item, Kind.end, Kind.cancel, Kind.pong]) client.send(kind, { callId: 99 });
  client.send(Kind.credit, { callId: 99, payload: Uint8Array.of(5) });
  client.request(1, 0, gene("add"), [1, 2]);
  expect(await client.result(1)).toBe(3);
});

testOverTransports("items beyond the credit end the connection", async () => {
  const { peer, gene } = serve({
    wait: unary([streamOf(BYTES)], NUMBER, () => new Promise(() => {})),
  });
  const client = peer();
  client.request(1, 0, gene("wait"), [null]);
  for (let sent = 0; sent < 6; sent++) client.send(Kind.item, { callId: 1, payload: encode(new Uint8Array(60_000)) });
  expect(await client.goaway()).toMatchObject({
    reason: "protocol",
    message: expect.stringContaining("without credit"),
  });
});

testOverTransports("an item flagged as the last one ends the stream", async () => {
  const { peer, gene } = serve({
    total: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
      let total = 0;
      for await (const item of items) total += item;
      return total;
    }),
  });
  const client = peer();
  client.request(1, 0, gene("total"), [null]);
  client.send(Kind.item, { callId: 1, payload: Uint8Array.of(5) });
  client.send(Kind.item, { callId: 1, payload: Uint8Array.of(6), flags: Flag.last });
  expect(await client.result(1)).toBe(11);
});

testOverTransports("an item of the wrong type fails the call, and the handler learns it from its stream", async () => {
  const seen = Promise.withResolvers<unknown>();
  const { peer, gene } = serve({
    total: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
      try {
        for await (const _ of items);
      } catch (error) {
        seen.resolve(error);
      }
      return 0;
    }),
  });
  const client = peer();
  client.request(1, 0, gene("total"), [null]);
  client.send(Kind.item, { callId: 1, payload: encode("text") });
  expect(await client.error(1)).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: 'item: expected number, found string "text"',
  });
  expect(await seen.promise).toMatchObject({ code: "INVALID_ARGUMENT" });
});

testOverTransports("a stream waits for credit and goes on with it", async () => {
  const { peer, gene } = serve({
    produce: streaming([], BYTES, async function* () {
      for (let sent = 0; sent < 20; sent++) yield new Uint8Array(50_000);
    }),
  });
  const client = peer();
  client.request(1, 0, gene("produce"), []);
  // 256 KiB of credit: five items fit, and one may overshoot.
  await until(() => client.frames.length === 6);
  client.send(Kind.credit, { callId: 1, payload: encode(120_000) });
  await until(() => client.frames.length === 8);
  client.send(Kind.credit, { callId: 1, payload: encode(10_000_000) });
  await client.frame(Kind.end, 1);
  expect(client.frames.filter(({ kind }) => kind === Kind.item).length).toBe(20);
});

testOverTransports(
  "maxConcurrency runs calls in order of arrival; a call that is cancelled while it waits never runs",
  async () => {
    const { gates, method } = gated();
    method.handler.options = { maxConcurrency: 1 };
    const { peer, gene } = serve({ wait: method }, { limits: { queuedCallsMax: 2 } });
    const client = peer();
    for (const callId of [1, 2, 3, 4]) client.request(callId, 0, gene("wait"), [], { deadline: 60_000 });
    expect(await client.error(4)).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "queuedCallsMax" } });
    client.send(Kind.cancel, { callId: 2 });
    client.send(Kind.ping, { callId: 9 });
    await client.frame(Kind.pong, 9);
    gates[0]!();
    await client.result(1);
    await until(() => gates.length === 2);
    gates[1]!();
    await client.result(3);
    expect(gates.length).toBe(2);
  },
);

testOverTransports("a call whose deadline passes while it waits for its turn did not start", async () => {
  const { method } = gated();
  method.handler.options = { maxConcurrency: 1 };
  const { peer, gene } = serve({ wait: method });
  const client = peer();
  client.request(1, 0, gene("wait"), []);
  client.request(2, 0, gene("wait"), [], { deadline: 20 });
  expect(await client.error(2)).toMatchObject({ code: "DEADLINE_EXCEEDED", data: { started: false } });
});

testOverTransports("a method's own time limit holds whatever the caller says", async () => {
  const { peer, gene } = serve({ hang: unary([], VOID, () => new Promise(() => {}), { timeoutMs: 20 }) });
  const client = peer();
  client.request(1, 0, gene("hang"), [], { deadline: 60_000 });
  client.request(2, 0, gene("hang"), []);
  for (const callId of [1, 2]) {
    const error = await client.error(callId);
    expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", message: "demo.hang did not answer within 20 ms" });
    expect(error.data).toBeUndefined();
  }
});

testOverTransports("handlers that never return are bounded per method, and other methods go on", async () => {
  const { peer, gene, index, server } = serve({ hang: HANG, add: ADD }, { limits: { abandonedCallsMax: 3 } });
  const client = peer();
  for (let callId = 1; callId <= 3; callId++) {
    client.request(callId, index("hang"), gene("hang"), []);
    client.send(Kind.cancel, { callId });
  }
  client.request(4, index("hang"), gene("hang"), []);
  expect(await client.error(4)).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "abandonedCallsMax" } });
  client.request(5, index("add"), gene("add"), [1, 2]);
  expect(await client.result(5)).toBe(3);
  expect(server.stats()).toMatchObject({ inFlight: 0, methods: { hang: { abandoned: 3 } } });
});

testOverTransports(
  "a handler that comes to its end after its caller left is not counted as abandoned any more",
  async () => {
    const { gates, method } = gated();
    const { peer, gene, server } = serve({ wait: method });
    const client = peer();
    client.request(1, 0, gene("wait"), []);
    client.send(Kind.cancel, { callId: 1 });
    await until(() => server.stats().methods["wait"]!.abandoned === 1);
    gates[0]!();
    await until(() => server.stats().methods["wait"]!.abandoned === 0);
    expect(client.frames).toEqual([]);
  },
);

testOverTransports("draining aborts what is not done in time and tells its callers", async () => {
  const graceMs = 7_774;
  using timers = new HeldTimers(graceMs);
  const { peer, gene, server } = serve({ hang: HANG });
  const client = peer();
  client.request(41, 0, gene("hang"), []);
  await until(() => server.stats().inFlight === 1);
  const drained = server.drain(graceMs);
  expect((await client.goaway()).reason).toBe("draining");
  expect(client.frames[0]!.callId).toBe(41);
  client.request(42, 0, gene("hang"), []);
  expect(await client.error(42)).toMatchObject({ code: "UNAVAILABLE", retryable: true, data: { started: false } });
  timers.fire(graceMs);
  const error = await client.error(41);
  expect([error.code, error.data]).toEqual(["UNAVAILABLE", undefined]);
  await drained;
  await until(() => client.closed);
});

testOverTransports("draining lets idle clients close first, and closes those that do not", async () => {
  const { peer, server } = serve({ add: ADD });
  const client = peer();
  client.send(Kind.ping);
  await client.frame(Kind.pong, 1);
  await server.drain(10_000);
  await until(() => client.closed);
  const late = peer();
  expect((await late.goaway()).reason).toBe("draining");
  await until(() => late.closed);
});

test("a service without a handler for a method, or with a wrong limit, is refused when it is made", () => {
  const { schema, handlers } = serviceOf({ add: ADD });
  expect(() => createServer({ schema, handlers: {}, instance: "x" })).toThrow("add has no handler");
  expect(() => createServer({ schema, handlers, instance: "x", limits: { callsMax: 0 } })).toThrow("limit callsMax");
  expect(() => createServer({ schema, handlers, instance: "x", limits: { messageBytesMax: 100 } })).toThrow(
    "from 4096",
  );
  expect(() =>
    createServer({ schema, handlers: { add: { ...handlers["add"]!, options: { maxConcurrency: 0 } } }, instance: "x" })
  )
    .toThrow("maxConcurrency");
});

test("a client that never reads is not read from, and is given up when it takes nothing", async () => {
  const { schema, handlers } = serviceOf({ big: unary([], BYTES, () => new Uint8Array(200_000)), add: ADD });
  const server = createServer({ schema, handlers, instance: "x" });
  const [there, here] = memoryLinks({ stallMs: 50 });
  server.accept(there);
  const client = new RawPeer(here, false);
  for (let callId = 1; callId <= 500; callId++) client.request(callId, 1, schema.methods["big"]!.gene, []);
  await until(() => !there.writable);
  expect(there.queuedBytes).toBeLessThan(2_000_000);
  await until(() => server.stats().connections === 0);
  expect(server.stats()).toMatchObject({ inFlight: 0 });
});

test("results that are ready while the client takes none wait as they are, and are sent when it does", async () => {
  const gate = Promise.withResolvers<void>();
  const { schema, handlers } = serviceOf({
    big: unary([], BYTES, async () => {
      await gate.promise;
      return new Uint8Array(500_000);
    }),
  });
  const server = createServer({ schema, handlers, instance: "x" });
  const [there, here] = memoryLinks();
  server.accept(there);
  const client = new RawPeer(here, false);
  for (let callId = 1; callId <= 30; callId++) client.request(callId, 0, schema.methods["big"]!.gene, []);
  await until(() => server.stats().inFlight === 30);
  gate.resolve();
  await until(() => !there.writable);
  await new Promise((resolve) => setImmediate(resolve));
  expect(there.queuedBytes).toBeLessThan(2_000_000);
  here.resume();
  await until(() => client.frames.length === 30);
  expect(server.stats().inFlight).toBe(0);
});

testOverTransports("calls that were answered leave nothing in the queue of deadlines", async () => {
  const { peer, gene, server } = serve({ add: ADD });
  const client = peer();
  for (let callId = 1; callId <= 100; callId++) client.request(callId, 0, gene("add"), [1, 2], { deadline: 9000 });
  await client.result(100);
  const { buckets } = (server as unknown as { deadlines: { buckets: Map<number, { first: unknown }> } }).deadlines;
  expect(buckets.size).toBeGreaterThan(0);
  expect([...buckets.values()].filter(({ first }) => first !== undefined)).toEqual([]);
});

test("streams to a client that never reads stop at its credit and at the link", async () => {
  let produced = 0;
  const { schema, handlers } = serviceOf({
    produce: streaming([], BYTES, async function* () {
      for (;; produced++) yield new Uint8Array(10_000);
    }),
  });
  const server = createServer({ schema, handlers, instance: "x" });
  const [there, here] = memoryLinks();
  server.accept(there);
  const client = new RawPeer(here, false);
  for (let callId = 1; callId <= 100; callId++) client.request(callId, 0, schema.methods["produce"]!.gene, []);
  await until(() => !there.writable);
  let before = -1;
  while (produced !== before) {
    before = produced;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(there.queuedBytes).toBeLessThan(3_000_000);
  client.link.destroy();
  await until(() => server.stats().connections === 0);
});

testOverTransports("a stream's source is told to return when its caller goes away", async () => {
  let returned = 0;
  const { peer, gene, server } = serve({ count: streaming([], NUMBER, () => numbers(Infinity, () => returned++)) });
  const client = peer();
  client.request(1, 0, gene("count"), []);
  await until(() => client.frames.length > 10);
  client.link.destroy();
  await until(() => returned === 1 && server.stats().connections === 0);
});

testOverTransports("text in metadata that is no trace context is dropped, a proper one is continued", async () => {
  const { currentCall } = await import("./mod.ts");
  const { peer, gene } = serve({ trace: unary([], STRING, () => currentCall()!.trace) });
  const client = peer();
  const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  client.request(1, 0, gene("trace"), [], { trace: parent });
  client.request(2, 0, gene("trace"), [], { trace: "nonsense" });
  client.request(3, 0, gene("trace"), []);
  const continued = await client.result(1) as string;
  expect(continued).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  expect(continued).not.toBe(parent);
  for (const callId of [2, 3]) expect(await client.result(callId)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

testOverTransports(
  "a result that is a strange thenable is answered once, and takes one place of its method's maxConcurrency",
  async () => {
    const { gates, method } = gated();
    const results = [
      method.handler.fn,
      () => ({
        get then() {
          throw new Error("no then");
        },
      }),
      () => ({
        then() {
          throw new Error("no callback");
        },
      }),
      () => ({
        then(resolve: (value: number) => void) {
          resolve(4);
          resolve(5);
          throw new Error("too late");
        },
      }),
      method.handler.fn,
      method.handler.fn,
    ];
    const next = unary([], UNKNOWN, () => (results.shift() as () => unknown)(), { maxConcurrency: 1 });
    const { peer, gene } = serve({ next });
    const client = peer();
    for (const callId of [1, 2, 3, 4, 5, 6]) client.request(callId, 0, gene("next"), []);
    await until(() => gates.length === 1);
    gates[0]!();
    expect(await client.result(1)).toBe(1);
    expect(await client.error(2)).toMatchObject({ code: "UNKNOWN", message: "no then" });
    expect(await client.error(3)).toMatchObject({ code: "UNKNOWN", message: "no callback" });
    expect(await client.result(4)).toBe(4);
    await until(() => gates.length === 2);
    client.send(Kind.ping, { callId: 99 });
    await client.frame(Kind.pong, 99);
    expect(gates.length).toBe(2);
  },
);

testOverTransports(
  "calls that waited for their turn are answered in order, each before the next one runs",
  async () => {
    const { gates, method } = gated();
    const log: string[] = [];
    let runs = 0;
    const mixed = unary([NUMBER], UNKNOWN, (index: number) => {
      log.push(`run ${index}`);
      return runs++ === 0 ? (method.handler.fn as () => unknown)() : {
        get answered() {
          log.push(`answer ${index}`);
          return true;
        },
      };
    }, { maxConcurrency: 1 });
    const { peer, gene } = serve({ mixed });
    const client = peer();
    for (const callId of [1, 2, 3]) client.request(callId, 0, gene("mixed"), [callId]);
    await until(() => gates.length === 1);
    gates[0]!();
    await client.result(3);
    expect(log).toEqual(["run 1", "run 2", "answer 2", "run 3", "answer 3"]);
    const answers = client.frames.filter(({ kind }) => kind === Kind.response).map(({ callId }) => callId);
    expect(answers).toEqual([1, 2, 3]);
  },
);

testOverTransports(
  "an error that throws when it is looked at, or is none of ours inside, is an answer like any other",
  async () => {
    const unreadable = new Error("x");
    Object.defineProperty(unreadable, "message", {
      get() {
        throw new Error("no message");
      },
    });
    const thrown = [
      unreadable,
      new CellError(Symbol("code") as never, "a strange code"),
      new CellError("ABORTED", "strange", { retryable: (() => true) as never }),
      new CellError("ABORTED", "fine"),
    ];
    const shift = unary([], VOID, () => Promise.reject(thrown.shift()), { maxConcurrency: 1 });
    const { peer, gene } = serve({ shift }, {
      log: (entry) => {
        if (entry.error !== undefined) throw new Error("the log fails as well");
      },
    });
    const client = peer();
    for (const callId of [1, 2, 3, 4]) client.request(callId, 0, gene("shift"), []);
    expect(await client.error(1)).toMatchObject({ code: "UNKNOWN", message: expect.stringContaining("looked at") });
    expect(await client.error(2)).toMatchObject({ code: "UNKNOWN", message: "a strange code" });
    expect(await client.error(3)).toMatchObject({ code: "UNKNOWN", message: "strange" });
    expect(await client.error(4)).toMatchObject({ code: "ABORTED", message: "fine" });
  },
);

testOverTransports(
  "user code that returns its stream while its error is being written does not tear the frame apart",
  async () => {
    let items: AsyncGenerator<number> | undefined;
    const { peer, gene, index } = serve({
      read: unary([streamOf(NUMBER)], VOID, (stream: AsyncGenerator<number>) => {
        items = stream;
        return new Promise(() => {});
      }),
      refuse: unary([], VOID, () => {
        const data = {
          get sly() {
            void items!.return(undefined);
            return "fine";
          },
        };
        throw new CellError("ABORTED", "no", { data });
      }),
    });
    const client = peer();
    client.request(1, index("read"), gene("read"), [null]);
    await until(() => items !== undefined);
    client.request(2, index("refuse"), gene("refuse"), []);
    expect(await client.error(2)).toMatchObject({ code: "ABORTED", data: { sly: "fine" } });
    await client.frame(Kind.cancel, 1);
  },
);

test("a call that ran and whose answer waits for the client is not said to have not started at its deadline", async () => {
  const gate = Promise.withResolvers<void>();
  const { schema, handlers } = serviceOf({
    big: unary([], BYTES, async () => {
      await gate.promise;
      return new Uint8Array(500_000);
    }),
  });
  const server = createServer({ schema, handlers, instance: "x" });
  const [there, here] = memoryLinks();
  server.accept(there);
  const client = new RawPeer(here, false);
  for (let callId = 1; callId <= 10; callId++) {
    client.request(callId, 0, schema.methods["big"]!.gene, [], { deadline: 9_000 });
  }
  await until(() => server.stats().calls === 10);
  gate.resolve();
  await until(() => !there.writable);
  await new Promise((resolve) => setImmediate(resolve));
  passDeadlines(server);
  expect(server.stats().errors).toBeGreaterThan(0);
  here.resume();
  const error = await client.error(10);
  expect(error.code).toBe("DEADLINE_EXCEEDED");
  expect(error.data).toBeUndefined();
});

testOverTransports(
  "when the time for draining is up, calls that only waited for their turn did not start",
  async () => {
    const { gates, method } = gated();
    method.handler.options = { maxConcurrency: 1 };
    const { peer, gene, server } = serve({ wait: method });
    const client = peer();
    for (const callId of [1, 2]) client.request(callId, 0, gene("wait"), []);
    await until(() => gates.length === 1);
    await server.drain(0);
    expect((await client.error(1)).data).toBeUndefined();
    expect(await client.error(2)).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
  },
);

test("draining waits for a client that has yet to take its answer", async () => {
  const { schema, handlers } = serviceOf({ big: unary([], BYTES, () => new Uint8Array(3_000_000)) });
  const server = createServer({ schema, handlers, instance: "x" });
  const [there, here] = memoryLinks({ closeLingerMs: 1 });
  // The test says when the time is over that a drained connection may linger.
  const lingerMs = 250;
  using timers = new HeldTimers(lingerMs);
  server.accept(there);
  const client = new RawPeer(here, false);
  client.request(1, 0, schema.methods["big"]!.gene, []);
  await until(() => server.stats().calls === 1 && server.stats().inFlight === 0);
  const drained = server.drain(60_000);
  expect(timers.count(lingerMs)).toBe(1);
  timers.fire(lingerMs);
  expect(timers.count(lingerMs)).toBe(1);
  here.resume();
  await client.frame(Kind.response, 1);
  timers.fire(lingerMs);
  await drained;
});

test("one connection that leaves slowly does not let any number of others in", async () => {
  const { schema, handlers } = serviceOf({ big: unary([], BYTES, () => new Uint8Array(900_000)) });
  const server = createServer({ schema, handlers, instance: "x", limits: { connectionsMax: 3 } });
  const connectPeer = (reads: boolean): RawPeer => {
    const [there, here] = memoryLinks();
    server.accept(there);
    return new RawPeer(here, reads);
  };
  const slow = connectPeer(false);
  slow.request(1, 0, schema.methods["big"]!.gene, []);
  await until(() => server.stats().calls === 1 && server.stats().inFlight === 0);
  const others = Array.from({ length: 10 }, () => connectPeer(true));
  await until(() => others.filter(({ closed }) => closed).length >= 7);
  expect(server.stats().connections).toBeLessThanOrEqual(4);
  slow.link.destroy();
});

test("a method's percentiles are those of all its calls, whether they are timed or stand for others", async () => {
  const waits = unary([NUMBER], VOID, (waitMs: number) => waitMs === 0 ? undefined : Bun.sleep(waitMs));
  await using pair = connect({ waits });
  for (let call = 0; call < 900; call++) await pair.client.call("waits", [0]);
  await Promise.all(Array.from({ length: 100 }, () => pair.client.call("waits", [5])));
  const { calls, errors, p50Micros, p99Micros, maxMicros } = pair.server.stats().methods["waits"]!;
  expect([calls, errors]).toEqual([1000, 0]);
  expect(p99Micros).toBeGreaterThanOrEqual(4000);
  expect(p50Micros).toBeLessThan(p99Micros);
  expect(maxMicros).toBeGreaterThanOrEqual(p99Micros);
});

test("what a handler does before it waits is part of a call's time, also of a method that was fast before", async () => {
  let isSlow = false;
  const work = () => {
    if (!isSlow) return 1;
    const end = performance.now() + 5;
    while (performance.now() < end);
    return Promise.resolve().then(() => 1);
  };
  await using pair = connect({ work: unary([], NUMBER, work) });
  for (let call = 0; call < 200; call++) await pair.client.call("work", []);
  isSlow = true;
  for (let call = 0; call < 10; call++) await pair.client.call("work", []);
  expect(pair.server.stats().methods["work"]!.p99Micros).toBeGreaterThanOrEqual(5000);
});
