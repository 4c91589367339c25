import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import { IncomingStream, itemCost } from "./incoming_stream.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { collect, failure, numbers, until } from "./test_service.ts";

function incoming() {
  const told = { granted: [] as number[], returned: 0 };
  const stream = new IncomingStream({
    grantCredit: (bytes) => void told.granted.push(bytes),
    onReturn: () => void told.returned++,
  });
  return { stream, told };
}

function outgoing() {
  const link = { writable: true };
  const sent: unknown[] = [];
  const waiting: (() => void)[] = [];
  const stream = new OutgoingStream({
    link: link as Link,
    whenWritable: (callback) => void waiting.push(callback),
    sendItem(value) {
      if (value === "bad") throw new CellError("INTERNAL", "item: bad");
      sent.push(value);
      return 1000;
    },
  });
  return { stream, link, sent, waiting };
}

test("items that wait and consumers that wait are served in order", async () => {
  const { stream } = incoming();
  stream.push("a", 1);
  const early = [stream.next(), stream.next(), stream.next()];
  stream.push("b", 1);
  stream.push("c", 1);
  stream.end();
  expect((await Promise.all([...early, stream.next()])).map(({ value }) => value)).toEqual(["a", "b", "c", undefined]);
});

test("what arrived before the stream broke is delivered, then the error once, then the end", async () => {
  const { stream } = incoming();
  stream.push("a", 1);
  stream.fail(new CellError("UNAVAILABLE", "lost"));
  expect(await stream.next()).toEqual({ value: "a", done: false });
  expect((await failure(stream.next())).message).toBe("lost");
  expect(await stream.next()).toEqual({ value: undefined, done: true });
});

test("of several consumers that wait, the first one gets the error", async () => {
  const { stream } = incoming();
  const consumers = [stream.next(), stream.next()];
  stream.fail(new CellError("UNAVAILABLE", "lost"));
  expect((await failure(consumers[0]!)).message).toBe("lost");
  expect(await consumers[1]).toEqual({ value: undefined, done: true });
});

test("returning tells the owner once, drops what waits and takes nothing more", async () => {
  const { stream, told } = incoming();
  stream.push("a", 1);
  await stream.return();
  await stream.return();
  stream.push("b", 1);
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  expect(told.returned).toBe(1);
  const thrown = incoming();
  expect((await failure(thrown.stream.throw(new Error("enough")))).message).toBe("enough");
  expect(thrown.told.returned).toBe(1);
  const ended = incoming();
  ended.stream.end();
  await ended.stream[Symbol.asyncDispose]();
  expect(ended.told.returned).toBe(0);
});

test("credit comes back in halves of the window, and never exceeds what was consumed", async () => {
  const { stream, told } = incoming();
  const payloadBytes = 10_000;
  const cost = itemCost(payloadBytes);
  let pushed = 0;
  while (pushed * cost < STREAM_WINDOW_BYTES) {
    stream.push(pushed++, payloadBytes);
  }
  expect(() => stream.push("too much", 1)).toThrow("without credit");
  expect(told.granted).toEqual([]);
  for (let read = 0; read < pushed; read++) await stream.next();
  expect(told.granted).toEqual([cost * Math.ceil(STREAM_WINDOW_BYTES / 2 / cost)]);
});

test("a source is not asked for an item that may not be sent", async () => {
  const { stream, sent } = outgoing();
  let produced = 0;
  const run = stream.run((async function* () {
    for (; produced < 1000; produced++) yield produced;
  })());
  await until(() => sent.length === Math.ceil(STREAM_WINDOW_BYTES / 1000));
  await new Promise((resolve) => setImmediate(resolve));
  expect(produced).toBe(sent.length - 1);
  stream.grant(1_000_000);
  expect(await run).toBe(true);
  expect(sent.length).toBe(1000);
});

test("a link that takes nothing stops the stream until it does", async () => {
  const { stream, link, sent, waiting } = outgoing();
  link.writable = false;
  const run = stream.run(numbers(3));
  await until(() => waiting.length === 1);
  expect(sent).toEqual([]);
  link.writable = true;
  waiting[0]!();
  expect(await run).toBe(true);
  expect(sent).toEqual([0, 1, 2]);
});

test("stopping returns the source whatever it waits for", async () => {
  const cases = [
    (pair: ReturnType<typeof outgoing>) => void (pair.link.writable = false),
    (pair: ReturnType<typeof outgoing>) => pair.stream.grant(-STREAM_WINDOW_BYTES),
    () => {},
  ];
  for (const prepare of cases) {
    const pair = outgoing();
    prepare(pair);
    let returned = 0;
    const run = pair.stream.run(numbers(Infinity, () => returned++));
    await new Promise((resolve) => setImmediate(resolve));
    pair.stream.stop();
    pair.stream.stop();
    expect(await run).toBe(false);
    expect(returned).toBeLessThanOrEqual(1);
  }
});

test("a stream that was stopped before it began asks for nothing and returns its source", async () => {
  const { stream, sent } = outgoing();
  let returned = 0;
  stream.stop();
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error("asked")),
      return: () => Promise.reject(returned++),
    }),
  };
  expect(await stream.run(source)).toBe(false);
  expect([sent.length, returned]).toEqual([0, 1]);
});

test("what the source throws and items that do not fit reject the run and return the source", async () => {
  const throwing = outgoing();
  expect(
    (await failure(throwing.stream.run((async function* () {
      yield 1;
      throw new Error("broken");
    })()))).message,
  ).toBe("broken");
  const misfit = outgoing();
  let returned = 0;
  async function* source() {
    try {
      yield "bad";
    } finally {
      returned++;
    }
  }
  expect((await failure(misfit.stream.run(source()))).message).toBe("item: bad");
  await until(() => returned === 1);
});

test("a stream is read like any other iterable", async () => {
  const { stream } = incoming();
  for (let item = 0; item < 5; item++) stream.push(item, 1);
  stream.end();
  expect(await collect(stream)).toEqual([0, 1, 2, 3, 4]);
});

test("a source whose return throws when it is looked at ends like any other", async () => {
  const { stream } = outgoing();
  const run = stream.run({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      get return(): never {
        throw new Error("not even this");
      },
    }),
  });
  void run;
  expect(() => stream.stop()).not.toThrow();
});

test("a source that says that it is done with anything true is done, as in a loop of the language", async () => {
  const { stream, sent } = outgoing();
  let next = 0;
  const iterator = { next: () => ({ value: next, done: next++ < 2 ? 0 : 1 }) as unknown as IteratorResult<number> };
  expect(await stream.run({ [Symbol.iterator]: () => iterator as Iterator<number> })).toBe(true);
  expect(sent).toEqual([0, 1]);
});
