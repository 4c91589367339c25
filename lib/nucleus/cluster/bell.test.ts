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

test("who gives up waiting leaves nothing at a bell that is never rung", async () => {
  const bell = new Bell();
  const abort = new AbortController();
  const all = Array.from({ length: 1000 }, () => bell.after(bell.count, abort.signal));
  expect(bell.waiting).toBe(1000);
  abort.abort();
  await Promise.all(all);
  expect(bell.waiting).toBe(0);
});

test("waiting ends after its time", async () => {
  const bell = new Bell();
  await bell.after(bell.count, undefined, 1);
  expect([bell.count, bell.waiting]).toEqual([0, 0]);
});
