import { encode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";
import { CellError } from "../base/mod.ts";
import { memoryLinks } from "../net/mod.ts";
import { Flag, Kind, writeGoaway } from "../wire/mod.ts";
import { HeldTimers } from "./held_timers.ts";
import { KeepAlive } from "./keep_alive.ts";
import { type ClientOptions, createClient, createServer, DEFAULT_LIMITS, type RpcClient } from "./mod.ts";
import { RawPeer } from "./raw_peer.ts";
import {
  BYTES,
  collect,
  connect,
  failure,
  NUMBER,
  numbers,
  passDeadlines,
  serviceOf,
  streaming,
  streamOf,
  STRING,
  unary,
  UNKNOWN,
  until,
  VOID,
} from "./test_service.ts";
import { takeLinks, testOverTransports } from "./test_transports.ts";

const ADD = unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b);
const METHODS = {
  add: ADD,
  count: streaming([NUMBER], NUMBER, (to: number) => numbers(to)),
  total: unary([streamOf(BYTES)], NUMBER, () => 0),
};
const { schema } = serviceOf(METHODS);
const HELLO = {
  protocol: 1,
  service: "demo",
  instance: "raw",
  species: schema.species,
  pid: 1,
  uid: 0,
  startedAt: 0,
  messageBytesMax: 100_000,
  connectionCallsMax: 4,
};

/** A client whose server is the test itself. */
async function withRawServer(
  options: ClientOptions = { schema },
  hello: object = HELLO,
): Promise<{ client: RpcClient; server: RawPeer }> {
  const [there, here] = takeLinks();
  const server = new RawPeer(there);
  const client = createClient(here, options);
  const greeting = client.hello();
  await server.frame(Kind.request, 1);
  server.send(Kind.response, { callId: 1, method: 0xffff, payload: encode(hello) });
  await greeting;
  return { client, server };
}

/** Waits for the client's next request and gives its call id. */
async function nextRequest(server: RawPeer): Promise<number> {
  const known = server.frames.filter(({ kind }) => kind === Kind.request).length;
  await until(() => server.frames.filter(({ kind }) => kind === Kind.request).length > known);
  return server.frames.filter(({ kind }) => kind === Kind.request)[known]!.callId;
}

test("the first call without a schema asks for everything in one round trip", async () => {
  const [there, here] = memoryLinks();
  const server = new RawPeer(there);
  const client = createClient(here);
  const call = client.call("add", [1, 2]);
  await until(() => server.frames.length === 2);
  expect(server.frames.map(({ method }) => method).sort()).toEqual([0xfffe, 0xffff]);
  for (const { method, callId } of server.frames) {
    server.send(Kind.response, { callId, method, payload: encode(method === 0xffff ? HELLO : schema) });
  }
  await until(() => server.frames.length === 3);
  server.send(Kind.response, { callId: server.frames[2]!.callId, payload: encode(3) });
  expect(await call).toBe(3);
});

testOverTransports("a schema that is not the server's is negotiated, once per method", async () => {
  const other = serviceOf({ sum: ADD, add: ADD, zero: unary([], NUMBER, () => 0) });
  await using pair = connect({ ...METHODS, aaa: ADD }, { client: { schema: other.schema } });
  expect(await Promise.all([1, 2, 3].map((n) => pair.client.call("add", [n, 1])))).toEqual([2, 3, 4]);
  expect(await pair.client.call("add", [5, 5])).toBe(10);
  expect(await pair.client.schema()).toBe(other.schema);
  expect(await failure(pair.client.call("sum", [1, 2]))).toMatchObject({ code: "NOT_FOUND", data: { started: false } });
  expect(await failure(pair.client.call("nope", []))).toMatchObject({ code: "NOT_FOUND" });
});

testOverTransports(
  "a pinned signature that does not fit is refused with the difference, before anything is executed",
  async () => {
    const old = serviceOf({ add: unary([STRING], NUMBER, () => 0) });
    await using pair = connect(METHODS, { client: { schema: old.schema } });
    const error = await failure(pair.client.call("add", ["x"]));
    expect(error).toMatchObject({ code: "FAILED_PRECONDITION", data: { started: false, reason: "gene" } });
    expect(error.message).toContain("args[0]");
  },
);

testOverTransports("wrong use is an error that says what to do", async () => {
  await using pair = connect(METHODS);
  const { client } = pair;
  expect((await failure(client.call("ad", [1, 2]))).message).toBe("demo has no method ad. Did you mean add?");
  expect((await failure(client.call("count", [1]))).message).toContain("it is called with stream()");
  expect((await failure(collect(client.stream("add", [1, 2])))).message).toContain("it is called with call()");
  expect((await failure(client.call("total", [3]))).message).toContain(
    "args[0]: expected an AsyncIterable, found number",
  );
  expect((await failure(client.call("add", [1, "2"]))).message).toContain('args[1]: expected number, found string "2"');
  expect((await failure(client.call("add", [1, 2], { timeoutMs: NaN }))).message).toContain("timeoutMs");
  expect(await client.isStream("count")).toBe(true);
  expect(await client.isStream("add")).toBe(false);
  expect(await failure(client.isStream("nope"))).toMatchObject({ code: "NOT_FOUND" });
  expect(await client.call("add", [1, 2])).toBe(3);
});

testOverTransports("a call that waits for room has the place of one that is cancelled", async () => {
  const methods = { ...METHODS, never: unary([], VOID, () => new Promise(() => {})) };
  await using pair = connect(methods, { server: { limits: { connectionCallsMax: 1 } } });
  const { client, server } = pair;
  const controller = new AbortController();
  const cancelled = failure(client.call("never", [], { signal: controller.signal }));
  await until(() => server.stats().inFlight === 1);
  const sum = client.call("add", [1, 2]);
  await client.schema();
  expect(client.inFlight).toBe(2);
  controller.abort();
  expect(await cancelled).toMatchObject({ code: "CANCELLED" });
  expect(await sum).toBe(3);
});

testOverTransports(
  "calls beyond what the connection may carry wait for room, and can be cancelled meanwhile",
  async () => {
    const { client, server } = await withRawServer();
    const controller = new AbortController();
    const calls = Array.from(
      { length: 6 },
      (_, index) => client.call("add", [index, 0], index === 4 ? { signal: controller.signal } : {}),
    );
    const cancelled = failure(calls[4]!);
    await until(() => server.frames.length === 5);
    expect(client.inFlight).toBe(6);
    controller.abort();
    expect(await cancelled).toMatchObject({ code: "CANCELLED", data: { started: false } });
    for (const { callId } of server.frames.slice(1)) server.send(Kind.response, { callId, payload: encode(callId) });
    await until(() => server.frames.length === 6);
    server.send(Kind.response, { callId: server.frames[5]!.callId, payload: encode(9) });
    expect(await calls[5]).toBe(9);
    expect(client.inFlight).toBe(0);
  },
);

testOverTransports("arguments that are over the server's limit are refused on this side", async () => {
  const { client } = await withRawServer({
    schema: serviceOf({ ...METHODS, big: unary([BYTES], VOID, () => {}) }).schema,
  }, {
    ...HELLO,
    species: serviceOf({ ...METHODS, big: unary([BYTES], VOID, () => {}) }).schema.species,
  });
  expect(await failure(client.call("big", [new Uint8Array(200_000)]))).toMatchObject({
    code: "RESOURCE_EXHAUSTED",
    data: { limit: "messageBytesMax", started: false },
  });
});

testOverTransports("a deadline fires on this side when the server is silent, and the server is told", async () => {
  const { client, server } = await withRawServer();
  const call = failure(client.call("add", [1, 2], { timeoutMs: 9_000 }));
  const callId = await nextRequest(server);
  passDeadlines(client);
  const error = await call;
  expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", data: undefined });
  expect(error.message).toContain("did not answer within 9000 ms");
  await server.frame(Kind.cancel, callId);
  // The answer that crosses the cancel is no error.
  server.send(Kind.response, { callId, payload: encode(3) });
  const next = client.call("add", [1, 2]);
  server.send(Kind.response, { callId: await nextRequest(server), payload: encode(3) });
  expect(await next).toBe(3);
});

test("a deadline covers the time until the server has said who it is", async () => {
  const [there, here] = memoryLinks();
  new RawPeer(there);
  const error = await failure(createClient(here).call("add", [1, 2], { timeoutMs: 20 }));
  expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", data: { started: false } });
});

testOverTransports("an aborted signal cancels before, while waiting and after sending", async () => {
  const { client, server } = await withRawServer();
  expect(await failure(client.call("add", [1, 2], { signal: AbortSignal.abort() }))).toMatchObject({
    code: "CANCELLED",
    data: { started: false },
  });
  const controller = new AbortController();
  const call = failure(client.call("add", [1, 2], { signal: controller.signal }));
  const callId = await nextRequest(server);
  controller.abort();
  expect(await call).toMatchObject({ code: "CANCELLED", data: undefined });
  await server.frame(Kind.cancel, callId);
});

testOverTransports("a signal that outlives its calls does not collect them", async () => {
  await using pair = connect(METHODS);
  let listeners = 0;
  const counted = {
    aborted: false,
    addEventListener: () => void listeners++,
    removeEventListener: () => void listeners--,
  } as unknown as AbortSignal;
  for (let made = 0; made < 10; made++) await pair.client.call("add", [1, 2], { signal: counted });
  expect((await collect(pair.client.stream("count", [3], { signal: counted }))).length).toBe(3);
  expect(listeners).toBe(0);
});

testOverTransports("after a goaway, calls that the server did not accept certainly did not start", async () => {
  const { client, server } = await withRawServer();
  const calls = [1, 2, 3].map((n) => failure(client.call("add", [n, 0])));
  await until(() => server.frames.length === 4);
  writeGoaway(server.link.writer, 3, "draining", "stopping");
  server.link.commit();
  await until(() => client.draining);
  expect(await failure(client.call("add", [4, 0]))).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
  server.link.close();
  const errors = await Promise.all(calls);
  expect(errors.map(({ code, data }) => [code, data])).toEqual([
    ["UNAVAILABLE", undefined],
    ["UNAVAILABLE", undefined],
    ["UNAVAILABLE", { started: false }],
  ]);
});

testOverTransports("what never left this process certainly did not start", async () => {
  const { client, server } = await withRawServer(
    { schema: serviceOf({ big: unary([BYTES], VOID, () => {}) }).schema },
    {
      ...HELLO,
      species: serviceOf({ big: unary([BYTES], VOID, () => {}) }).schema.species,
      connectionCallsMax: 300,
    },
  );
  server.link.pause();
  // More than any transport takes for a reader that does not read.
  const bytes = new Uint8Array(90_000);
  // Of the first so little that every transport takes it at once.
  const calls = Array.from(
    { length: 300 },
    (_, index) => failure(client.call("big", [bytes.subarray(index === 0 ? 89_000 : 0)])),
  );
  await new Promise((resolve) => setImmediate(resolve));
  server.link.destroy();
  const errors = await Promise.all(calls);
  expect(errors.map(({ code }) => code)).toEqual(Array(300).fill("UNAVAILABLE"));
  expect(errors[0]!.data).toBeUndefined();
  expect(errors[299]!.data).toEqual({ started: false });
});

testOverTransports("a connection that ends says why, in the code and the message", async () => {
  const cases = [["permission", "PERMISSION_DENIED"], ["limit", "RESOURCE_EXHAUSTED"], [
    "idle",
    "UNAVAILABLE",
  ]] as const;
  for (const [reason, code] of cases) {
    const { client, server } = await withRawServer();
    const call = failure(client.call("add", [1, 2]));
    await nextRequest(server);
    writeGoaway(server.link.writer, 0, reason, "because");
    server.link.commit();
    server.link.close();
    expect(await call).toMatchObject({ code, message: "demo ended the connection: because", data: { started: false } });
  }
});

testOverTransports("closing the client cancels what is in flight and ends the connection", async () => {
  const { client, server } = await withRawServer();
  const call = failure(client.call("add", [1, 2]));
  await nextRequest(server);
  await client.close();
  expect(await call).toMatchObject({ code: "CANCELLED" });
  await until(() => server.closed);
  expect(await client.closed).toBeUndefined();
  expect(await failure(client.call("add", [1, 2]))).toMatchObject({ data: { started: false } });
});

testOverTransports("a stream that nobody reads makes no call", async () => {
  const { client, server } = await withRawServer();
  const stream = client.stream("count", [5]);
  await stream.return();
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  await new Promise((resolve) => setImmediate(resolve));
  expect(server.frames.length).toBe(1);
});

testOverTransports("a stream gives back credit as its items are consumed, in portions", async () => {
  const { client, server } = await withRawServer();
  const stream = client.stream("count", [5]);
  const first = stream.next();
  const callId = await nextRequest(server);
  for (let sent = 0; sent < 7000; sent++) server.send(Kind.item, { callId, payload: Uint8Array.of(1) });
  await first;
  for (let read = 1; read < 7000; read++) await stream.next();
  const { payload } = await server.frame(Kind.credit, callId);
  expect(Array.from(payload)).toEqual([0xce, 0x00, 0x02, 0x00, 0x0a]);
  expect(server.frames.filter(({ kind }) => kind === Kind.credit).length).toBe(1);
});

testOverTransports("a caller's stream that throws cancels the call and fails it with what was thrown", async () => {
  await using pair = connect({
    total: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
      for await (const _ of items);
      return 1;
    }),
  });
  async function* broken() {
    yield 1;
    throw new Error("the sensor is gone");
  }
  const error = await failure(pair.client.call("total", [broken()]));
  expect(error).toMatchObject({ code: "CANCELLED", message: expect.stringContaining("the sensor is gone") });
  await until(() => pair.server.stats().inFlight === 0);
  const wrong = await failure(pair.client.call("total", [(async function* () {
    yield "text";
  })()]));
  expect(wrong).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("item: expected number") });
});

testOverTransports(
  "user code that calls while its arguments are being written does not tear the frame apart",
  async () => {
    await using pair = connect({ echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value), add: ADD });
    const { client } = pair;
    await client.call("add", [1, 2]);
    let inner: Promise<unknown> | undefined;
    const sly = {
      before: 1,
      get nested() {
        inner ??= client.call("add", [20, 22]);
        return "fine";
      },
    };
    expect(await client.call("echo", [sly])).toEqual({ before: 1, nested: "fine" });
    expect(await inner).toBe(42);
  },
);

testOverTransports(
  "a call that is made while the arguments of one that fails are being written is made nevertheless",
  async () => {
    await using pair = connect({ echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value), add: ADD });
    const { client } = pair;
    await Promise.all([client.call("add", [1, 2]), client.call("echo", [1])]);
    let inner: Promise<unknown> | undefined;
    const sly = {
      get nested() {
        inner = client.call("add", [20, 22]);
        throw new Error("no such luck");
      },
    };
    expect(await failure(client.call("echo", [sly]))).toMatchObject({
      message: expect.stringContaining("no such luck"),
    });
    expect(await inner).toBe(42);
  },
);

testOverTransports(
  "user code that cancels while its arguments are being written does not tear the frame apart either",
  async () => {
    await using pair = connect({
      echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value),
      hang: unary([], VOID, () => new Promise(() => {})),
    });
    const { client, server } = pair;
    const controller = new AbortController();
    const hanging = failure(client.call("hang", [], { signal: controller.signal }));
    await client.call("echo", [1]);
    const sly = {
      before: 1,
      get nested() {
        controller.abort();
        return "fine";
      },
    };
    expect(await client.call("echo", [sly])).toEqual({ before: 1, nested: "fine" });
    expect((await hanging).code).toBe("CANCELLED");
    await until(() => server.stats().inFlight === 0);
  },
);

testOverTransports("thousands of calls more than the connection may carry all get their answer", async () => {
  await using pair = connect({ add: ADD }, { server: { limits: { connectionCallsMax: 7 } } });
  const values = Array.from({ length: 3000 }, (_, index) => index);
  expect(await Promise.all(values.map((value) => pair.client.call("add", [value, 1])))).toEqual(
    values.map((v) => v + 1),
  );
});

for (
  const [what, attack] of Object.entries<(server: RawPeer, callId: number) => void>({
    "an answer to a call that was never made": (server) =>
      server.send(Kind.response, { callId: 5000, payload: encode(1) }),
    "an error that is none": (server, callId) => server.send(Kind.error, { callId, payload: encode("oops") }),
    "a stream item for a call without a stream": (server, callId) =>
      server.send(Kind.item, { callId, payload: encode(1) }),
    "an end for a call without a stream": (server, callId) => server.send(Kind.end, { callId }),
    "a request": (server) => server.send(Kind.request, { callId: 1, payload: encode([]) }),
    "a frame of no known kind": (server) => server.send(77),
    "a goaway that is none": (server) => server.send(Kind.goaway, { payload: encode("bye") }),
    "a compressed answer": (server, callId) =>
      server.send(Kind.response, { callId, flags: Flag.compressed, payload: encode(1) }),
  })
) {
  testOverTransports(`a server that sends ${what} is left with an error that says so`, async () => {
    const { client, server } = await withRawServer();
    const call = failure(client.call("add", [1, 2]));
    attack(server, await nextRequest(server));
    const error = await call;
    expect(error.code).toBe("INTERNAL");
    expect(error.message).toContain("broke the protocol");
    expect((await server.goaway()).reason).toBe("protocol");
    expect((await client.closed)?.code).toBe("INTERNAL");
  });
}

testOverTransports("a server's answer that does not fit the type fails that call only", async () => {
  const { client, server } = await withRawServer();
  for (
    const payload of [encode("text"), Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), new Uint8Array(0), encode([1, 2])]
  ) {
    const call = failure(client.call("add", [1, 2]));
    server.send(Kind.response, { callId: await nextRequest(server), payload });
    expect(await call).toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("demo.add does not fit its type"),
    });
  }
  const stream = failure(collect(client.stream("count", [1])));
  const callId = await nextRequest(server);
  server.send(Kind.item, { callId, payload: encode("text") });
  expect(await stream).toMatchObject({ code: "INTERNAL" });
  await server.frame(Kind.cancel, callId);
});

testOverTransports("items after the end, and a second end, are ignored", async () => {
  const { client, server } = await withRawServer();
  const items = collect(client.stream("count", [1]));
  const callId = await nextRequest(server);
  server.send(Kind.item, { callId, payload: encode(1) });
  server.send(Kind.end, { callId });
  server.send(Kind.item, { callId, payload: encode(2) });
  server.send(Kind.end, { callId });
  server.send(Kind.response, { callId, payload: encode(2) });
  expect(await items).toEqual([1]);
  server.send(Kind.ping, { callId: 3 });
  await server.frame(Kind.pong, 3);
});

testOverTransports("an item flagged as the last one ends the result", async () => {
  const { client, server } = await withRawServer();
  const items = collect(client.stream("count", [1]));
  server.send(Kind.item, { callId: await nextRequest(server), payload: encode(1), flags: Flag.last });
  expect(await items).toEqual([1]);
});

testOverTransports("items beyond the credit that was given are a broken protocol", async () => {
  const { client, server } = await withRawServer();
  const stream = client.stream("count", [1]);
  const first = stream.next();
  const callId = await nextRequest(server);
  for (let sent = 0; sent < 20_000; sent++) server.send(Kind.item, { callId, payload: Uint8Array.of(1) });
  await first;
  expect((await client.closed)?.message).toContain("without credit");
  expect(await failure(collect(stream))).toMatchObject({ code: "INTERNAL" });
});

testOverTransports("an answer that is too long is skipped and fails that call only", async () => {
  const { client, server } = await withRawServer();
  const call = failure(client.call("add", [1, 2]));
  server.send(Kind.response, {
    callId: await nextRequest(server),
    payload: new Uint8Array(DEFAULT_LIMITS.messageBytesMax + 1),
  });
  expect(await call).toMatchObject({ code: "RESOURCE_EXHAUSTED", data: { limit: "messageBytesMax" } });
  const next = client.call("add", [1, 2]);
  server.send(Kind.response, { callId: await nextRequest(server), payload: encode(3) });
  expect(await next).toBe(3);
});

testOverTransports(
  "a hello of another protocol, a broken hello and a broken schema are refused, and asked for again",
  async () => {
    const answers: [object, string][] = [
      [{ ...HELLO, protocol: 2 }, "speaks version 2"],
      [{ ...HELLO, pid: "x" }, "expected pid as a number"],
      [[], "speaks version undefined"],
    ];
    for (const [hello, message] of answers) {
      expect((await failure(withRawServer({}, hello))).message).toContain(message);
    }
    const { client, server } = await withRawServer({});
    const call = failure(client.call("add", [1, 2]));
    server.send(Kind.response, {
      callId: await nextRequest(server),
      payload: encode({ ...schema, species: "0".repeat(16) }),
    });
    expect((await call).message).toContain("schema is not valid");
    const again = client.call("add", [1, 2]);
    server.send(Kind.response, { callId: await nextRequest(server), payload: encode(schema) });
    server.send(Kind.response, { callId: await nextRequest(server), payload: encode(3) });
    expect(await again).toBe(3);
  },
);

/** When a client asks whether its server is alive, and when it gives it up. */
const KEEP_ALIVE = { intervalMs: 7_775, timeoutMs: 7_776 };

/** Gives a client a keep-alive with the times above; what is returned also knows whether anything was heard. */
function keepAliveOf(client: RpcClient): { heard: boolean } {
  const { connection } = client as unknown as { connection: { keepAlive: unknown } };
  const keepAlive = new KeepAlive(connection as never, KEEP_ALIVE);
  connection.keepAlive = keepAlive;
  return keepAlive as unknown as { heard: boolean };
}

testOverTransports("a server that is alive but silent is pinged during a call and given up", async () => {
  using timers = new HeldTimers(...Object.values(KEEP_ALIVE));
  const { client, server } = await withRawServer();
  keepAliveOf(client);
  const call = failure(client.call("add", [1, 2]));
  timers.fire(KEEP_ALIVE.intervalMs);
  await until(() => server.frames.some(({ kind }) => kind === Kind.ping));
  timers.fire(KEEP_ALIVE.timeoutMs);
  expect(await call).toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/^the connection to demo was lost: no sign of life from demo for \d+ ms$/),
  });
});

testOverTransports("a server that answers pings is waited for", async () => {
  using timers = new HeldTimers(...Object.values(KEEP_ALIVE));
  const { client, server } = await withRawServer();
  const keepAlive = keepAliveOf(client);
  const call = client.call("add", [1, 2]);
  const callId = await nextRequest(server);
  for (let answered = 0; answered < 3; answered++) {
    timers.fire(KEEP_ALIVE.intervalMs);
    await until(() => server.frames.filter(({ kind }) => kind === Kind.ping).length > answered);
    server.send(Kind.pong);
    await until(() => keepAlive.heard);
    // Silence would have been the end.
    timers.fire(KEEP_ALIVE.timeoutMs);
  }
  server.send(Kind.response, { callId, payload: encode(3) });
  expect(await call).toBe(3);
});

testOverTransports("an answer that only one side calls an error keeps its data", async () => {
  await using pair = connect({
    fail: unary([], VOID, () => {
      throw new CellError("NOT_FOUND", "no such user", { data: { id: 7, at: new Date(5) } });
    }),
  });
  expect(await failure(pair.client.call("fail", []))).toEqual({
    code: "NOT_FOUND",
    message: "no such user",
    retryable: false,
    data: { id: 7, at: new Date(5) },
  });
});

test("two servers of one process do not share state", async () => {
  const { handlers } = serviceOf(METHODS);
  const servers = [1, 2].map((n) => createServer({ schema, handlers, instance: `i${n}` }));
  const clients = servers.map((server) => {
    const [there, here] = memoryLinks();
    server.accept(there);
    return createClient(here);
  });
  await clients[0]!.call("add", [1, 2]);
  expect(servers.map((server) => server.stats().calls)).toEqual([1, 0]);
  await Promise.all(clients.map((client) => client.close()));
});

testOverTransports("a call that user code cancels while its arguments are being written is not made", async () => {
  let ran = 0;
  await using pair = connect({ run: unary([UNKNOWN], NUMBER, () => ++ran) });
  const { client } = pair;
  await client.call("run", [0]);
  const controller = new AbortController();
  const sly = {
    get nested() {
      controller.abort();
      return "fine";
    },
  };
  const error = await failure(client.call("run", [sly], { signal: controller.signal }));
  expect(error).toMatchObject({ code: "CANCELLED", data: { started: false } });
  expect(client.inFlight).toBe(0);
  expect(await client.call("run", [0])).toBe(2);
});

testOverTransports(
  "a client that user code closes while its arguments are being written leaves no call without an end",
  async () => {
    const { client } = connect({ echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value) });
    await client.call("echo", [1]);
    const sly = {
      get nested() {
        void client.close();
        return "fine";
      },
    };
    expect((await failure(client.call("echo", [sly]))).code).toBe("CANCELLED");
    await client.closed;
  },
);

test("a caller's stream runs where its call was made, whoever opened the connection and sent the request", async () => {
  const storage = new AsyncLocalStorage<string>();
  const gates: (() => void)[] = [];
  const { schema, handlers } = serviceOf({
    wait: unary([], VOID, () => new Promise<void>((resolve) => gates.push(resolve))),
    first: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
      for await (const item of items) return item;
      return 0;
    }),
  });
  const server = createServer({ schema, handlers, instance: "x", limits: { connectionCallsMax: 1 } });
  const [there, here] = memoryLinks();
  server.accept(there);
  const client = storage.run("opener", () => createClient(here));
  await client.hello();
  const waiting = storage.run("opener", () => client.call("wait", []));
  await until(() => gates.length === 1);
  const seen: unknown[] = [];
  async function* items() {
    try {
      seen.push(storage.getStore());
      yield 7;
      yield 8;
    } finally {
      seen.push(storage.getStore());
    }
  }
  const first = storage.run("caller", () => client.call("first", [items()]));
  await client.isStream("first");
  gates[0]!();
  await waiting;
  expect(await first).toBe(7);
  await until(() => seen.length === 2);
  expect(seen).toEqual(["caller", "caller"]);
  await client.close();
});
