import { expect, test } from "bun:test";
import { BroadcastQueue } from "./broadcast_queue.ts";

const message = (byte: number, byteCount = 1) => new Uint8Array(byteCount).fill(byte);

function take(queue: BroadcastQueue, bytes: number, timesMax: number): number[] {
  const into: Uint8Array[] = [];
  const taken = queue.take(bytes, timesMax, into);
  expect(taken).toBe(into.reduce((sum, { length }) => sum + length, 0));
  expect(taken).toBeLessThanOrEqual(bytes);
  return into.map((one) => one[0]!);
}

test("what was told least is told first, among equals the oldest", () => {
  const queue = new BroadcastQueue(10);
  for (const byte of [1, 2, 3]) queue.put(`${byte}`, message(byte));
  expect(take(queue, 2, 9)).toEqual([1, 2]);
  queue.put("4", message(4));
  expect(take(queue, 3, 9)).toEqual([3, 4, 1]);
  expect(take(queue, 9, 9)).toEqual([2, 3, 4, 1]);
});

test("each is told so many times and then forgotten", () => {
  const queue = new BroadcastQueue(10);
  queue.put("1", message(1));
  for (let times = 0; times < 3; times++) expect(take(queue, 9, 3)).toEqual([1]);
  expect(take(queue, 9, 3)).toEqual([]);
  expect(queue.size).toBe(0);
});

test("one that starts as half told is told half as often, and after those that are newer", () => {
  const queue = new BroadcastQueue(10);
  queue.put("1", message(1), 2);
  queue.put("2", message(2));
  expect([take(queue, 1, 4), take(queue, 1, 4), take(queue, 2, 4), take(queue, 2, 4)]).toEqual([[2], [2], [1, 2], [
    1,
    2,
  ]]);
  expect(queue.size).toBe(0);
});

test("a later one with the same key takes the place of the earlier and is told anew", () => {
  const queue = new BroadcastQueue(10);
  queue.put("1", message(1));
  take(queue, 9, 2);
  queue.put("1", message(7));
  expect([take(queue, 9, 2), take(queue, 9, 2), take(queue, 9, 2)]).toEqual([[7], [7], []]);
});

test("what does not fit is passed over, within a bound", () => {
  const queue = new BroadcastQueue(100);
  queue.put("large", message(1, 50));
  queue.put("small", message(2, 5));
  expect(take(queue, 20, 9)).toEqual([2]);
  for (let index = 0; index < 40; index++) queue.put(`large ${index}`, message(3, 50));
  queue.put("last", message(4, 5));
  expect(take(queue, 20, 9)).toEqual([]);
});

test("when it is full the one told most often gives way, and is counted", () => {
  const queue = new BroadcastQueue(3);
  for (const byte of [1, 2, 3]) queue.put(`${byte}`, message(byte));
  take(queue, 1, 9);
  queue.put("4", message(4));
  expect(queue.size).toBe(3);
  expect(queue.dropped).toBe(1);
  expect(queue.has("1")).toBe(false);
  queue.put("4", message(5));
  expect(queue.dropped).toBe(1);
  expect(take(queue, 9, 9)).toEqual([2, 3, 5]);
});
