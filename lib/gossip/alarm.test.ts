import { expect, test } from "bun:test";
import { Alarm } from "./alarm.ts";

test("it rings for what is due first, in whatever order that was said, and again when it is set again", async () => {
  let rung = Promise.withResolvers<void>();
  const alarm = new Alarm(() => 0, () => rung.resolve());
  for (const dueMs of [1e9, 5, 1e9]) alarm.setFor(dueMs);
  await rung.promise;
  rung = Promise.withResolvers();
  alarm.setFor(-Infinity);
  await rung.promise;
});

test("after its stop it does not ring, whether it was set before or is set then", async () => {
  let rings = 0;
  const alarm = new Alarm(() => 0, () => rings++);
  alarm.setFor(0);
  alarm.stop();
  alarm.setFor(0);
  const later = Promise.withResolvers<void>();
  setTimeout(later.resolve, 5);
  await later.promise;
  expect(rings).toBe(0);
});
