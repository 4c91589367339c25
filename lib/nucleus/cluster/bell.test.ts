import { expect, test } from "bun:test";
import { Bell } from "./bell.ts";

test("who has seen fewer rings does not wait, who has seen all waits for the next", async () => {
  const bell = new Bell();
  const seen = bell.count;
  bell.ring();
  await bell.after(seen);
  let isOver = false;
  const waiting = bell.after(bell.count).then(() => isOver = true);
  await Promise.resolve();
  expect(isOver).toBe(false);
  bell.ring();
  await waiting;
  expect(isOver).toBe(true);
});

test("waiting ends with its signal", async () => {
  const bell = new Bell();
  const abort = new AbortController();
  const waiting = bell.after(bell.count, abort.signal);
  abort.abort();
  await waiting;
  await bell.after(bell.count, abort.signal);
  expect(bell.count).toBe(0);
});
