import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { memoryLinks } from "../net/mod.ts";
import { createClient } from "./mod.ts";
import { type PumpedLink, pumpedLinks } from "./pumped_links.ts";
import {
  connect,
  NUMBER,
  numbers,
  type Pair,
  serviceOf,
  streaming,
  streamOf,
  STRING,
  type TestMethod,
  unary,
  UNKNOWN,
  VOID,
} from "./test_service.ts";

const ADD = unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b);
/** For calls that are never answered. */
const SOON = { timeoutMs: 20 };
/** For calls that are answered, unless they wait for what comes only after them: they would do so without an end. */
const BEFORE_LONG = { timeoutMs: 9_000 };

/** A server that works whenever its client looks for news, as one of another process would. */
function connectSync(methods: { [name: string]: TestMethod }): Pair & { clientLink: PumpedLink } {
  const [there, here] = pumpedLinks();
  const { schema } = serviceOf(methods);
  const pair = connect(methods, { links: [there, here], client: { schema } });
  here.beforeReceiving = () => there.receiveNow();
  return { ...pair, clientLink: here };
}

/** Lets a client say hello, which takes the event loop. */
async function greet({ client, clientLink }: { client: Pair["client"]; clientLink: PumpedLink }): Promise<void> {
  const hello = client.hello();
  clientLink.receiveNow();
  await hello;
}

function thrownBy(run: () => unknown): { code: string; message: string; data: unknown } {
  try {
    run();
  } catch (error) {
    const { code, message, data } = error as CellError;
    return { code, message, data };
  }
  throw new Error("it did not throw");
}

test("a synchronous call returns the result, or throws what the handler threw", async () => {
  const pair = connectSync({
    add: ADD,
    fail: unary([], VOID, () => {
      throw new CellError("ABORTED", "not today", { data: { afterMs: 5 } });
    }),
  });
  await greet(pair);
  const { client } = pair;
  for (let call = 0; call < 100; call++) expect(client.callSync("add", [call, 1])).toBe(call + 1);
  expect(thrownBy(() => client.callSync("fail", []))).toEqual({
    code: "ABORTED",
    message: "not today",
    data: { afterMs: 5 },
  });
  expect(thrownBy(() => client.callSync("add", ["1", 2]))).toMatchObject({
    code: "INVALID_ARGUMENT",
    data: { started: false },
  });
  expect(client.inFlight).toBe(0);
});

test("answers to other calls are taken in meanwhile, and their callers go on afterwards", async () => {
  const pair = connectSync({ add: ADD });
  await greet(pair);
  const { client } = pair;
  let resumed = 0;
  const others = [1, 2, 3].map((value) => client.call("add", [value, 0]).finally(() => resumed++));
  expect(client.callSync("add", [40, 2])).toBe(42);
  expect([client.inFlight, resumed]).toEqual([0, 0]);
  expect(await Promise.all(others)).toEqual([1, 2, 3]);
});

test("a call that waits for room is made when the calls before it are answered", async () => {
  const [there, here] = pumpedLinks();
  const service = serviceOf({ add: ADD });
  const pair = connect({ add: ADD }, {
    links: [there, here],
    client: { schema: service.schema },
    server: { limits: { connectionCallsMax: 2 } },
  });
  here.beforeReceiving = () => there.receiveNow();
  await greet({ client: pair.client, clientLink: here });
  const others = [1, 2, 3].map((value) => pair.client.call("add", [value, 0]));
  expect(pair.client.callSync("add", [40, 2])).toBe(42);
  expect(await Promise.all(others)).toEqual([1, 2, 3]);
});

test("a call that only waits until the running code is done does not keep it waiting", async () => {
  const pair = connectSync({ add: ADD, echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value) });
  await greet(pair);
  const { client } = pair;
  const others: Promise<unknown>[] = [];
  const broken = client.call("echo", [{
    get field(): never {
      others.push(client.call("add", [1, 2]));
      throw new Error("there is nothing here");
    },
  }]);
  expect(client.callSync("add", [40, 2], BEFORE_LONG)).toBe(42);
  expect(await Promise.all(others)).toEqual([3]);
  expect(await broken.catch(({ code }) => code)).toBe("INVALID_ARGUMENT");
});

test("the deadline and the caller's signal end it without the event loop", async () => {
  const never = unary([], VOID, () => new Promise(() => {}));
  const pair = connectSync({ never });
  await greet(pair);
  const { client, server, clientLink } = pair;
  expect(thrownBy(() => client.callSync("never", [], SOON)).code).toBe("DEADLINE_EXCEEDED");
  expect(thrownBy(() => client.callSync("never", [], { signal: AbortSignal.abort() })).code).toBe("CANCELLED");
  clientLink.receiveNow();
  expect([client.inFlight, server.stats().inFlight]).toEqual([0, 0]);
});

test("a deadline of many seconds is looked at as well", async () => {
  const pair = connectSync({ never: unary([], VOID, () => new Promise(() => {})) });
  await greet(pair);
  const { now } = performance;
  let waitedMs = 0;
  performance.now = () => now.call(performance) + waitedMs;
  pair.clientLink.beforeReceiving = () => waitedMs += 1;
  try {
    const error = thrownBy(() => pair.client.callSync("never", []));
    expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", message: "demo.never did not answer within 30000 ms" });
    expect(waitedMs).toBeGreaterThanOrEqual(30_000);
  } finally {
    performance.now = now;
  }
});

test("a server that goes away ends it", async () => {
  const pair = connectSync({ add: ADD });
  await greet(pair);
  const { client, clientLink } = pair;
  let looks = 0;
  clientLink.beforeReceiving = () => {
    if (++looks === 1000) clientLink.destroy(new CellError("UNAVAILABLE", "the process died"));
  };
  expect(thrownBy(() => client.callSync("add", [1, 2]))).toMatchObject({ code: "UNAVAILABLE" });
  expect(thrownBy(() => client.callSync("add", [1, 2]))).toMatchObject({
    code: "UNAVAILABLE",
    data: { started: false },
  });
});

test("what cannot be called synchronously is refused before anything is sent, with what to do", async () => {
  const methods = {
    add: ADD,
    count: streaming([NUMBER], NUMBER, (to: number) => numbers(to)),
    total: unary([streamOf(NUMBER)], NUMBER, () => 0),
  };
  const [, here] = memoryLinks();
  const overMemory = createClient(here, { schema: serviceOf(methods).schema });
  expect(thrownBy(() => overMemory.callSync("add", [1, 2]))).toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining('over memory: connect with transport "shm"'),
    data: { started: false },
  });
  here.destroy();
  const pair = connectSync(methods);
  const { client, clientLink } = pair;
  const { committedBytes } = clientLink;
  expect(thrownBy(() => client.callSync("add", [1, 2])).message).toContain("call it once with call() first");
  await greet(pair);
  expect(thrownBy(() => client.callSync("count", [3])).message).toContain("stream");
  expect(thrownBy(() => client.callSync("total", [numbers(3)])).message).toContain("stream");
  clientLink.peer.pid = process.pid;
  expect(thrownBy(() => client.callSync("add", [1, 2])).message).toContain("this process itself");
  clientLink.peer.pid = 1;
  expect(client.callSync("add", [1, 2])).toBe(3);
  expect(committedBytes).toBe(0);
});

test("a method that there is not is refused as by call, with near names", async () => {
  const pair = connectSync({ add: ADD });
  const { client } = pair;
  await greet(pair);
  const refusal = thrownBy(() => client.callSync("ad", [1, 2]));
  expect(refusal).toEqual({
    code: "NOT_FOUND",
    message: "demo has no method ad. Did you mean add?",
    data: { started: false },
  });
  await expect(client.call("ad", [1, 2])).rejects.toMatchObject(refusal);
});

test("what is not known of the server yet is told under the name that the client was made with", () => {
  const [, here] = pumpedLinks();
  const client = createClient(here, { service: "shop" });
  expect(thrownBy(() => client.callSync("buy", [])).message).toStartWith("calling shop.buy synchronously: ");
});

test("user code that runs while a frame is read or written cannot wait for another one, and is told so", async () => {
  const refusals: string[] = [];
  const attempt = () => refusals.push(thrownBy(() => pair.client.callSync("add", [1, 2])).code);
  const pair = connectSync({
    add: ADD,
    echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value),
    first: unary([streamOf(NUMBER)], STRING, () => "enough"),
  });
  await greet(pair);
  const { client, clientLink } = pair;
  const echoed = client.call("echo", [{
    get field() {
      attempt();
      return 1;
    },
  }]);
  const endless: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ value: 1, done: false }),
      return() {
        attempt();
        return Promise.resolve({ value: undefined, done: true });
      },
    }),
  };
  const first = client.call("first", [endless]);
  clientLink.receiveNow();
  clientLink.receiveNow();
  expect([await echoed, await first]).toEqual([{ field: 1 }, "enough"]);
  expect(refusals).toEqual(["FAILED_PRECONDITION", "FAILED_PRECONDITION"]);
  expect(client.callSync("add", [1, 2])).toBe(3);
});

test("a synchronous call within a handler ends at the deadline of the handler's call", async () => {
  const inner = connectSync({ never: unary([], VOID, () => new Promise(() => {})) });
  await greet(inner);
  const outer = connect({
    run: unary([], STRING, () => thrownBy(() => inner.client.callSync("never", [])).code),
  });
  // Nobody else of this process could end the outer call meanwhile, so it is answered with what the inner one ended by.
  expect(await outer.client.call("run", [], { timeoutMs: 300 }).catch(({ code }) => code)).toBe("DEADLINE_EXCEEDED");
  expect(inner.client.inFlight).toBe(0);
});
