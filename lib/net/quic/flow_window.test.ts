import { expect, test } from "bun:test";
import { FlowWindow, INITIAL_WINDOW_BYTES } from "./flow_window.ts";
import type { QuicStream } from "./runtime.ts";

const WINDOW_BYTES = 100_000;

/** A stream whose other end is the test. */
function fakeStream() {
  const grants: number[] = [];
  let arrive: (chunk: Uint8Array) => void = () => {};
  const stream = {
    writer: {
      writeSync(bytes: Uint8Array) {
        grants.push(Number(new DataView(bytes.buffer).getBigUint64(0, true)));
        return true;
      },
    },
    async *[Symbol.asyncIterator]() {
      while (true) yield [await new Promise<Uint8Array>((resolve) => arrive = resolve)];
    },
  };
  return { stream: stream as unknown as QuicStream, grants, arrive: (chunk: Uint8Array) => arrive(chunk) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function grantOf(limit: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, limit, true);
  return bytes;
}

test("a side grants its window at first, and more when a quarter of it has been read", () => {
  const window = new FlowWindow(WINDOW_BYTES, () => {});
  const { stream, grants } = fakeStream();
  window.open(stream);
  expect(grants).toEqual([WINDOW_BYTES]);
  window.onConsumed(WINDOW_BYTES / 4 - 1);
  expect(grants.length).toBe(1);
  window.onConsumed(1);
  expect(grants).toEqual([WINDOW_BYTES, WINDOW_BYTES * 1.25]);
});

test("what is held beyond the grant is an overrun", () => {
  const window = new FlowWindow(WINDOW_BYTES, () => {});
  expect([window.isOverrun(INITIAL_WINDOW_BYTES), window.isOverrun(INITIAL_WINDOW_BYTES + 1)]).toEqual([false, true]);
  window.open(fakeStream().stream);
  window.onConsumed(10);
  expect([window.isOverrun(WINDOW_BYTES - 10), window.isOverrun(WINDOW_BYTES - 9)]).toEqual([false, true]);
});

test("a side sends what it was granted, however the grants are cut, and no grant is taken back", async () => {
  let rooms = 0;
  const window = new FlowWindow(WINDOW_BYTES, () => void rooms++);
  const { stream, arrive } = fakeStream();
  window.open(stream);
  window.onSent(INITIAL_WINDOW_BYTES);
  expect(window.room).toBe(0);
  const bytes = Buffer.concat([grantOf(200_000n), grantOf(150_000n), grantOf(300_000n)]);
  for (const chunk of [bytes.subarray(0, 3), bytes.subarray(3, 20), bytes.subarray(20)]) {
    await turn();
    arrive(chunk);
  }
  await turn();
  expect([window.room, rooms]).toEqual([300_000 - INITIAL_WINDOW_BYTES, 2]);
});
