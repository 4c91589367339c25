import { expect } from "bun:test";
import { connect, failure, NUMBER, serviceOf, streamOf, STRING, unary, UNKNOWN, until, VOID } from "./test_service.ts";
import { currentCall } from "./mod.ts";
import { testOverTransports } from "./test_transports.ts";

const ADD = unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b);
const ECHO = unary([UNKNOWN], UNKNOWN, (value: unknown) => value);
const NEVER = unary([], VOID, () => new Promise(() => {}));
/** Takes a stream and counts its items. */
const COUNT = unary([streamOf(UNKNOWN)], NUMBER, async (items: AsyncIterable<unknown>) => {
  let count = 0;
  for await (const _ of items) count++;
  return count;
});

/** A value of which user code runs while it is written. */
function whenWritten(run: () => void): object {
  return {
    before: "x".repeat(100),
    get field() {
      run();
      return 1;
    },
    after: 2,
  };
}

testOverTransports("what is asked of a server while a request is written comes after that request", async () => {
  await using pair = connect({ add: ADD, echo: ECHO });
  const { client } = pair;
  await client.call("echo", [1]);
  const asked: Promise<unknown>[] = [];
  const value = whenWritten(() => asked.push(client.stats(), client.call("add", [1, 2])));
  expect(await client.call("echo", [value])).toMatchObject({ field: 1, after: 2 });
  expect(await Promise.all(asked)).toMatchObject([{ service: "demo" }, 3]);
});

testOverTransports(
  "a call whose signature has to be asked for first can be made while a request is written",
  async () => {
    const { schema } = serviceOf({ add: ADD, echo: ECHO });
    await using pair = connect({ add: ADD, echo: ECHO, other: NEVER }, { client: { schema } });
    const { client } = pair;
    const asked: Promise<unknown>[] = [];
    const value = whenWritten(() => asked.push(client.call("add", [1, 2])));
    await client.call("echo", [1]);
    expect(await client.call("echo", [value])).toMatchObject({ field: 1, after: 2 });
    expect(await Promise.all(asked)).toEqual([3]);
  },
);

testOverTransports("a server that is stopped while an answer is written sends that answer", async () => {
  const stopped: Promise<void>[] = [];
  const pair = connect({
    one: unary([], NUMBER, () => 1),
    stop: unary([], UNKNOWN, () => whenWritten(() => stopped.push(pair.server.drain(30_000)))),
  });
  for (let call = 0; call < 20; call++) await pair.client.call("one", []);
  expect(await pair.client.call("stop", [])).toMatchObject({ field: 1, after: 2 });
  expect(await pair.client.closed).toBeUndefined();
  await Promise.all(stopped);
});

testOverTransports("the room of a call that is ended while an item is written is used", async () => {
  await using pair = connect({ never: NEVER, add: ADD, count: COUNT }, {
    server: { limits: { connectionCallsMax: 2 } },
  });
  const { client, server } = pair;
  const controller = new AbortController();
  const items = Promise.withResolvers<object>();
  const end = Promise.withResolvers<void>();
  async function* stream() {
    yield await items.promise;
    await end.promise;
  }
  const ended = failure(client.call("never", [], { signal: controller.signal }));
  const count = client.call("count", [stream()]);
  await until(() => server.stats().inFlight === 2);
  const sum = client.call("add", [1, 2]);
  items.resolve(whenWritten(() => controller.abort()));
  expect(await ended).toMatchObject({ code: "CANCELLED" });
  expect(await sum).toBe(3);
  end.resolve();
  expect(await count).toBe(1);
});

testOverTransports("a thenable that begins its work when it is asked does so as part of its call", async () => {
  const lazy = () => ({ then: (resolve: (value: unknown) => void) => resolve(currentCall()?.method) });
  await using pair = connect({ lazy: unary([], STRING, lazy) });
  expect(await pair.client.call("lazy", [])).toBe("lazy");
});

testOverTransports("options that change after the call do not change its deadline", async () => {
  await using pair = connect({ never: NEVER });
  const options: { timeoutMs?: number } = { timeoutMs: 20 };
  const ended = failure(pair.client.call("never", [], options));
  delete options.timeoutMs;
  expect(await ended).toMatchObject({ code: "DEADLINE_EXCEEDED" });
});
