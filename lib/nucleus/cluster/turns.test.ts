import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

test("changes come one after the other, whatever became of those before", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const all = Promise.allSettled([
    turns.take(async () => {
      await first.promise;
      order.push("first");
      throw new Error("failed");
    }),
    turns.take(() => Promise.resolve(order.push("second"))),
  ]);
  await Promise.resolve();
  expect(order).toEqual([]);
  first.resolve();
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(order).toEqual(["first", "second"]);
});

test("once closed, what waits does not begin, and the last change comes after what is under way", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const signal = turns.closing;
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const running = turns.take(async () => {
    begun.resolve();
    await ended.promise;
    order.push("running");
  });
  const waiting = turns.take(() => Promise.resolve(order.push("waiting")));
  waiting.catch(() => {});
  await begun.promise;
  const closed = turns.close(new Error("going down"), () => Promise.resolve(void order.push("last")));
  expect(signal.aborted).toBe(true);
  ended.resolve();
  await Promise.all([running, closed]);
  await expect(waiting).rejects.toThrow("going down");
  expect(order).toEqual(["running", "last"]);
});

test("what was closed can be opened again, what has ended cannot", async () => {
  const turns = new Turns();
  await turns.close(new Error("a moment"), () => Promise.resolve());
  expect(turns.reopen()).toBe(true);
  expect(await turns.take(() => Promise.resolve(7))).toBe(7);
  await turns.end(new Error("for good"), () => Promise.resolve());
  expect(turns.reopen()).toBe(false);
  await expect(turns.take(() => Promise.resolve())).rejects.toThrow("for good");
});
