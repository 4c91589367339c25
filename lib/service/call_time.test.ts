import { expect, test } from "bun:test";
import { CallTime, LOOKING_MS_MAX } from "./call_time.ts";

type Known = Parameters<CallTime["learn"]>[0];

const unary: Known = { params: [] };
const resultStream: Known = { params: [], resultStream: true };
const streamParam: Known = { params: [{ name: "items", type: { kind: "number" }, stream: true }] };

test("what nobody has said a word about looks for an instance for half a minute, and is answered as its method says", () => {
  const time = new CallTime({ givenMs: undefined, callerMs: Infinity });
  expect([time.isUnknown, time.remainingMs(10_000), time.attemptMs(10_000)]).toEqual([
    true,
    LOOKING_MS_MAX - 10_000,
    undefined,
  ]);
  time.learn({ ...unary, timeoutMs: 2_000 });
  expect([time.isUnknown, time.remainingMs(500), time.attemptMs(500), time.remainingMs(9_000)]).toEqual([
    false,
    1_500,
    1_500,
    0,
  ]);
});

test("a method that says nothing has half a minute for everything, attempts included", () => {
  const time = new CallTime({ givenMs: undefined, callerMs: Infinity });
  time.learn(unary);
  time.spend(20_000);
  expect(time.attemptMs(25_000)).toBe(LOOKING_MS_MAX - 25_000);
});

test.each([resultStream, streamParam])(
  "a stream lasts as long as it wants, and looking for it does not (%#)",
  (method) => {
    const time = new CallTime({ givenMs: undefined, callerMs: Infinity });
    time.learn(method);
    time.spend(600_000);
    expect([time.attemptMs(601_000), time.remainingMs(601_000)]).toEqual([undefined, LOOKING_MS_MAX - 1_000]);
    expect(time.remainingMs(600_000 + LOOKING_MS_MAX)).toBe(0);
  },
);

test("a stream that says for how long ends then, and one that is part of a call ends with it", () => {
  const own = new CallTime({ givenMs: undefined, callerMs: Infinity });
  own.learn({ ...resultStream, timeoutMs: 5_000 });
  expect(own.attemptMs(1_000)).toBe(4_000);
  const part = new CallTime({ givenMs: undefined, callerMs: 90_000 });
  part.learn(resultStream);
  expect(part.attemptMs(1_000)).toBe(89_000);
});

test("what the caller says counts whatever the method says, and what is left to the call that it is part of", () => {
  const given = new CallTime({ givenMs: 60_000, callerMs: Infinity });
  given.learn({ ...unary, timeoutMs: 10 });
  expect([given.isUnknown, given.attemptMs(1_000)]).toEqual([false, 59_000]);
  expect(new CallTime({ givenMs: 60_000, callerMs: 100 }).attemptMs(40)).toBe(60);
  expect(new CallTime({ givenMs: Infinity, callerMs: Infinity }).attemptMs(1_000_000)).toBeUndefined();
});
