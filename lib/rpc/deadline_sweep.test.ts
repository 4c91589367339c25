import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { DeadlineQueue, type QueueEntry } from "./deadline_queue.ts";
import { DeadlineSweep, SWEEP_MS, type Swept, UNFIXED } from "./deadline_sweep.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const LIMIT_MS = 20_000;
/** What the queue adds to a deadline that is this far away. */
const BUCKET_MS = 512;

class Call implements Swept {
  fixedAt = UNFIXED;
  queueEntry: QueueEntry | undefined;
  readonly madeAt = performance.now();
  endedAt: number | undefined;

  get deadlineAt(): number {
    return this.fixedAt;
  }

  fixDeadline(now: number): void {
    this.fixedAt = now + LIMIT_MS;
  }

  onDeadline(): void {
    this.endedAt = performance.now();
  }
}

function start(): { calls: Set<Call>; make: () => Call } {
  const calls = new Set<Call>();
  const sweep = new DeadlineSweep(new DeadlineQueue(), () => calls);
  const make = () => {
    const call = new Call();
    calls.add(call);
    sweep.onCall();
    return call;
  };
  return { calls, make };
}

test("a call that is not answered ends, never early, and late by the sweep and its bucket at most", () => {
  const { calls, make } = start();
  const made: Call[] = [];
  for (let step = 0; step < 50; step++) {
    made.push(make());
    jest.advanceTimersByTime(13);
  }
  for (let step = 0; step < 500; step++) {
    jest.advanceTimersByTime(50);
    for (const call of made) if (call.endedAt !== undefined) calls.delete(call);
  }
  for (const call of made) {
    const tookMs = call.endedAt! - call.madeAt;
    expect(tookMs).toBeGreaterThanOrEqual(LIMIT_MS);
    expect(tookMs).toBeLessThanOrEqual(LIMIT_MS + SWEEP_MS + BUCKET_MS + 52);
  }
  expect(jest.getTimerCount()).toBe(0);
});

test("a call that is answered before the sweep leaves nothing behind, and no timer runs without calls", () => {
  const { calls, make } = start();
  for (let call = 0; call < 100; call++) calls.delete(make());
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(SWEEP_MS);
  expect(jest.getTimerCount()).toBe(0);
  jest.advanceTimersByTime(2 * LIMIT_MS);
  expect(jest.getTimerCount()).toBe(0);
});

test("a deadline that somebody asked for stays what it was, and is kept", () => {
  const { make } = start();
  const call = make();
  call.fixDeadline(performance.now());
  const { fixedAt } = call;
  jest.advanceTimersByTime(SWEEP_MS);
  expect([call.fixedAt, call.endedAt]).toEqual([fixedAt, undefined]);
  jest.advanceTimersByTime(LIMIT_MS);
  jest.advanceTimersByTime(BUCKET_MS);
  expect(call.endedAt).toBeGreaterThanOrEqual(fixedAt);
});
