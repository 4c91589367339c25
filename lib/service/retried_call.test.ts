import { afterEach, expect, jest, test } from "bun:test";
import { CellError, type Code, MINUTE } from "../base/mod.ts";
import type { RpcClient } from "../rpc/mod.ts";
import { LOOKING_MS_MAX } from "./call_time.ts";
import { Pool } from "./pool/mod.ts";
import type { Endpoint } from "./directory.ts";
import { type FakeClient, FakeService } from "./pool/testing/fake_service.ts";
import { RetriedCall, TRIED_MAX } from "./retried_call.ts";

afterEach(() => void jest.useRealTimers());

/** Makes a call of a service with many instances, of which each does as `answer` says. */
function callMany(service: FakeService, answer: (attempt: number) => unknown): Promise<unknown> {
  for (let number = 1; number <= 10 * TRIED_MAX; number++) service.start(number);
  // Connections are made for calls only: it takes an hour until the pool looks for further instances.
  const now = () => performance.now() + 60 * MINUTE;
  const pool = new Pool({ service: "s", directory: service, connect: service.connect, pinned: undefined, now });
  let attempts = 0;
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: {},
    canReplay: () => true,
    invoke: async (_: RpcClient) => answer(++attempts),
  };
  return new RetriedCall(pool, request, performance.now(), undefined).begin().finally(() => pool.close());
}

function refusal(code: Code): CellError {
  return new CellError(code, "not now", { data: { started: false } });
}

test("a call that instances are too busy for is given to a few of them, however many there are", async () => {
  const service = new FakeService();
  let attempts = 0;
  const answer = callMany(service, () => {
    attempts++;
    throw refusal("RESOURCE_EXHAUSTED");
  });
  expect(await answer.catch((error: unknown) => error)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  expect(attempts).toBe(TRIED_MAX);
  expect(service.dials).toBeLessThanOrEqual(TRIED_MAX);
});

test("a call that instances did not start because they leave is made again until one answers", async () => {
  const answer = callMany(new FakeService(), (attempt) => {
    if (attempt < 3 * TRIED_MAX) throw refusal("UNAVAILABLE");
    return attempt;
  });
  expect(await answer).toBe(3 * TRIED_MAX);
});

test("a call that may have run ends at its deadline although the next instance does not say what it serves", async () => {
  jest.useFakeTimers();
  const service = new FakeService();
  const schema = { methods: { m: { idempotent: true } } };
  const clients: FakeClient[] = [];
  const connect = async (endpoint: Endpoint): Promise<RpcClient> => {
    const client = await service.connect(endpoint) as RpcClient & FakeClient;
    clients.push(client);
    const servedSchema = () => new Promise<never>(() => {});
    return Object.assign(client, { schema: () => Promise.resolve(schema as never), servedSchema });
  };
  for (const number of [1, 2]) service.start(number);
  const pool = new Pool({ service: "s", directory: service, connect, pinned: undefined });
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: { timeoutMs: 50 },
    canReplay: () => true,
    invoke: async (client: RpcClient) => {
      (client as unknown as FakeClient).lose();
      throw new CellError("UNAVAILABLE", "the connection broke");
    },
  };
  const ended = new RetriedCall(pool, request, performance.now(), undefined).begin().catch((thrown) => thrown);
  for (let passedMs = 0; passedMs < 60; passedMs += 10) {
    await settled();
    jest.advanceTimersByTime(10);
  }
  const error = await ended;
  expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(error.data).not.toMatchObject({ started: false });
  expect(clients).toHaveLength(2);
  await pool.close();
});

test("a call that may have run is made again although the next instance dies before it says what it serves", async () => {
  const service = new FakeService();
  const schema = { methods: { m: { idempotent: true } } };
  const clients: FakeClient[] = [];
  const broken = () => Promise.reject(new CellError("UNAVAILABLE", "the connection broke"));
  const connect = async (endpoint: Endpoint): Promise<RpcClient> => {
    const client = await service.connect(endpoint) as RpcClient & FakeClient;
    const knows = clients.push(client) !== 2;
    const ask = (): Promise<never> => {
      if (!knows) client.lose();
      return knows ? Promise.resolve(schema as never) : broken();
    };
    return Object.assign(client, { schema: ask, servedSchema: ask });
  };
  for (const number of [1, 2, 3]) service.start(number);
  const pool = new Pool({ service: "s", directory: service, connect, pinned: undefined });
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: { timeoutMs: 10_000 },
    canReplay: () => true,
    invoke: (client: RpcClient) => {
      if ((client as unknown as FakeClient) !== clients[0]) return Promise.resolve("done");
      clients[0]!.lose();
      return broken();
    },
  };
  expect(await new RetriedCall(pool, request, performance.now(), undefined).begin()).toBe("done");
  await pool.close();
});

/** A call of an instance that is listed and that nobody ever reaches. */
function callSilent(schema: unknown): { answer: Promise<CellError>; close(): Promise<void> } {
  const service = new FakeService();
  service.start(1, { distance: 1 }).reach = "silent";
  const pool = new Pool({ service: "s", directory: service, connect: service.connect, pinned: undefined });
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: {},
    canReplay: () => true,
    invoke: () => Promise.reject(new Error("nobody was reached")),
  };
  const call = new RetriedCall(pool, request, performance.now(), undefined, schema as never);
  return { answer: call.begin().then((value) => value as never, (thrown) => thrown), close: () => pool.close() };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

test.each([
  ["a call of which nothing is known", undefined, LOOKING_MS_MAX],
  ["a stream", { methods: { m: { params: [], resultStream: true } } }, LOOKING_MS_MAX],
  ["a method with a deadline of its own", { methods: { m: { params: [], timeoutMs: 700 } } }, 700],
])("%s gives up an instance that is never reached, although nobody has set a deadline", async (_, schema, limitMs) => {
  jest.useFakeTimers();
  const { answer, close } = callSilent(schema);
  let isOver = false;
  void answer.then(() => isOver = true);
  await settled();
  jest.advanceTimersByTime(limitMs - 50);
  await settled();
  expect(isOver).toBe(false);
  jest.advanceTimersByTime(100);
  expect(await answer).toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: `calling s.m: no instance within ${limitMs} ms`,
    data: { started: false },
  });
  await close();
});

test("an attempt that had not all of the time says of how much it was left", async () => {
  jest.useFakeTimers();
  const service = new FakeService();
  service.start(1);
  const connect = async (endpoint: Endpoint): Promise<RpcClient> => {
    jest.advanceTimersByTime(30);
    return await service.connect(endpoint);
  };
  const pool = new Pool({ service: "s", directory: service, connect, pinned: undefined });
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: { timeoutMs: 50 },
    canReplay: () => true,
    invoke: (_: RpcClient, { timeoutMs }: { timeoutMs?: number }) =>
      Promise.reject(new CellError("DEADLINE_EXCEEDED", `s.m did not answer within ${timeoutMs} ms`)),
  };
  const error = await new RetriedCall(pool, request, performance.now(), undefined).begin().catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: "s.m did not answer within 20 ms, which were left of 50 ms when an instance was reached",
  });
  await pool.close();
});

test("a method's own deadline that is learned when it is reached counts from the beginning of the call", async () => {
  jest.useFakeTimers();
  const service = new FakeService();
  service.start(1);
  const connect = async (endpoint: Endpoint): Promise<RpcClient> =>
    Object.assign(await service.connect(endpoint), {
      isStream: () => Promise.resolve(false),
      schema: () => Promise.resolve({ methods: { m: { params: [], timeoutMs: 5_000 } } } as never),
    });
  const pool = new Pool({ service: "s", directory: service, connect, pinned: undefined });
  const request = {
    what: "calling s.m",
    method: "m",
    isQuestion: false,
    options: {},
    canReplay: () => true,
    invoke: (_: RpcClient, { timeoutMs }: { timeoutMs?: number }) => Promise.resolve(timeoutMs),
  };
  const leftMs = await new RetriedCall(pool, request, performance.now() - 2_000, undefined).begin();
  expect(leftMs).toBeCloseTo(3_000);
  await pool.close();
});
