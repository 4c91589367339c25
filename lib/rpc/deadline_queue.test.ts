import { afterEach, beforeEach, expect, jest, spyOn, test } from "bun:test";
import fc from "fast-check";
import { DeadlineQueue, type QueueEntry, type Timed } from "./deadline_queue.ts";

class Item implements Timed {
  firedAt: number | undefined;
  queueEntry: QueueEntry | undefined;
  constructor(readonly deadlineAt: number) {}
  onDeadline(): void {
    this.firedAt = performance.now();
  }
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function add(queue: DeadlineQueue, inMs: number): Item {
  const item = new Item(performance.now() + inMs);
  queue.add(item, performance.now());
  return item;
}

test("a deadline fires once, not early, and late by at most its bucket", () => {
  for (const [inMs, lateMaxMs] of [[0, 9], [1, 9], [50, 9], [999, 9], [1500, 65], [9999, 65], [30_000, 513]] as const) {
    const item = add(new DeadlineQueue(), inMs);
    for (let turn = 0; item.firedAt === undefined && turn < 1000; turn++) jest.advanceTimersByTime(inMs / 50 + 1);
    expect(item.firedAt! - item.deadlineAt).toBeGreaterThanOrEqual(0);
    expect(item.firedAt! - item.deadlineAt).toBeLessThanOrEqual(lateMaxMs + inMs / 50 + 1);
  }
});

test("an item that is removed never fires, and removing it twice is harmless", () => {
  const queue = new DeadlineQueue();
  const items = [add(queue, 20), add(queue, 20), add(queue, 20)];
  queue.remove(items[1]!);
  queue.remove(items[1]!);
  jest.advanceTimersByTime(100);
  expect(items.map((item) => item.firedAt !== undefined)).toEqual([true, false, true]);
});

test("an earlier deadline that comes later is not made to wait", () => {
  const queue = new DeadlineQueue();
  const late = add(queue, 60_000);
  const early = add(queue, 30);
  jest.advanceTimersByTime(100);
  expect([early.firedAt !== undefined, late.firedAt]).toEqual([true, undefined]);
  jest.advanceTimersByTime(61_000);
  expect(late.firedAt).toBeDefined();
});

test("without a deadline nothing is queued, and an emptied queue sets no timer", () => {
  const queue = new DeadlineQueue();
  add(queue, Infinity);
  expect(jest.getTimerCount()).toBe(0);
  for (let call = 0; call < 100; call++) queue.remove(add(queue, 50));
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(100);
  expect(jest.getTimerCount()).toBe(0);
});

test("whatever is added and removed, exactly the others fire", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40_000), fc.boolean()), { maxLength: 60 }), (plan) => {
      const queue = new DeadlineQueue();
      const items = plan.map(([inMs]) => add(queue, inMs));
      plan.forEach(([, removed], index) => removed && queue.remove(items[index]!));
      jest.advanceTimersByTime(41_000);
      expect(items.map((item) => item.firedAt !== undefined)).toEqual(plan.map(([, removed]) => !removed));
      expect(jest.getTimerCount()).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("a deadline beyond what a timer holds sleeps until it is near, and fires then", () => {
  const queue = new DeadlineQueue();
  const spy = spyOn(globalThis, "setTimeout");
  const item = add(queue, 2 ** 32);
  jest.advanceTimersByTime(60_000);
  expect(spy.mock.calls.length).toBe(1);
  spy.mockRestore();
  expect(item.firedAt).toBeUndefined();
  jest.advanceTimersByTime(2 ** 31);
  jest.advanceTimersByTime(2 ** 31);
  expect(item.firedAt).toBeDefined();
});
