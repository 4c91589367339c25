import { expect, spyOn, test } from "bun:test";
import { Deadline } from "./deadline.ts";

test("steps share what is left of a deadline", async () => {
  const deadline = new Deadline(60_000);
  expect(await deadline.within(Promise.resolve("done"), "a step")).toBe("done");
  expect(deadline.options.timeoutMs).toBeLessThanOrEqual(60_000);
  await expect(deadline.within(Promise.reject(new Error("own error")), "a step")).rejects.toThrow("own error");
});

test("a step that takes too long is given up, and what follows has next to no time", async () => {
  const deadline = new Deadline(5);
  const never = new Promise<void>(() => {});
  await expect(deadline.within(never, "waiting for hello")).rejects.toThrow("waiting for hello took longer than 5 ms");
  expect(deadline.options.timeoutMs).toBe(1);
});

test("what is left of a deadline that is over is nothing, not less: the runtime would complain on stderr", async () => {
  const deadline = new Deadline(1);
  await Bun.sleep(5);
  const waitsMs: (number | undefined)[] = [];
  const timers = spyOn(globalThis, "setTimeout").mockImplementation(
    ((expire: () => void, waitMs?: number) => {
      waitsMs.push(waitMs);
      queueMicrotask(expire);
    }) as typeof setTimeout,
  );
  try {
    await expect(deadline.within(new Promise<void>(() => {}), "a step")).rejects.toThrow("took longer than 1 ms");
  } finally {
    timers.mockRestore();
  }
  expect(waitsMs).toEqual([0]);
});

test("without a timeout there is no deadline", async () => {
  const deadline = new Deadline(undefined);
  expect(deadline.options).toEqual({});
  expect(await deadline.within(Promise.resolve(1), "a step")).toBe(1);
});
