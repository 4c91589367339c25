import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { measureLoad } from "./measure.ts";

/** Time that passes while calls are waited for, a millisecond with each of them, and at no other time. */
class CallClock {
  #nowMs = 0;

  readonly now = (): number => this.#nowMs;

  async pass(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#nowMs++;
  }
}

test("as many calls are in flight as there are callers", async () => {
  let inFlight = 0;
  let most = 0;
  const clock = new CallClock();
  const result = await measureLoad({
    concurrency: 5,
    durationMs: 30,
    now: clock.now,
    call: async () => {
      most = Math.max(most, ++inFlight);
      await clock.pass();
      inFlight--;
    },
  });
  expect(most).toBe(5);
  expect(inFlight).toBe(0);
  expect(result.calls).toBeGreaterThan(5);
  expect(result.callsPerSecond).toBeCloseTo((result.calls / result.durationMs) * 1000, 5);
  expect(result.p50Micros).toBeGreaterThanOrEqual(900);
  expect(result.p99Micros).toBeLessThanOrEqual(result.maxMicros);
});

test("what was called to warm up does not count, and the end of it is told", async () => {
  let calls = 0;
  let callsBefore = 0;
  const clock = new CallClock();
  const result = await measureLoad({
    concurrency: 1,
    durationMs: 30,
    now: clock.now,
    call: async () => {
      calls++;
      await clock.pass();
    },
    onWarm: () => {
      callsBefore = calls;
    },
  });
  expect([callsBefore, result.calls, calls]).toEqual([100, 30, 130]);
});

test("calls that fail are counted and do not enter the latencies", async () => {
  let calls = 0;
  const clock = new CallClock();
  const result = await measureLoad({
    concurrency: 1,
    durationMs: 20,
    now: clock.now,
    call: async () => {
      await clock.pass();
      if (calls++ % 2 === 0) throw new CellError("UNAVAILABLE", "every other call");
    },
  });
  expect([result.errors, result.calls]).toEqual([10, 10]);
  expect(result.firstError).toBe("every other call");
});

test("when the service goes away, calls per second are of the time in which calls were answered", async () => {
  let calls = 0;
  const clock = new CallClock();
  const goneAfter = (count: number) => async () => {
    await clock.pass();
    if (++calls > count) throw new CellError("UNAVAILABLE", "gone");
  };
  const load = { concurrency: 3, durationMs: 300, now: clock.now, onWarm: () => void (calls = 0) };
  const gone = await measureLoad({ ...load, call: goneAfter(10) });
  expect(gone).toMatchObject({ calls: 10, firstError: "gone" });
  expect(gone.answeredMs!).toBeLessThan(gone.durationMs);
  expect(gone.callsPerSecond).toBeCloseTo((10 / gone.answeredMs!) * 1000, 5);
  expect((await measureLoad({ ...load, call: goneAfter(Infinity) })).answeredMs).toBeUndefined();
});

test("a method that only fails ends the measurement with its error", async () => {
  const broken = measureLoad({
    concurrency: 2,
    durationMs: 60_000,
    call: () => Promise.reject(new CellError("NOT_FOUND", "never there")),
  });
  await expect(broken).rejects.toThrow("never there");
});

test("a number of callers that is none is refused", async () => {
  await expect(measureLoad({ concurrency: 0, durationMs: 1, call: async () => {} })).rejects.toThrow("whole number");
});
