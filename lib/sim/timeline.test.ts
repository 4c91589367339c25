import { expect, test } from "bun:test";
import { Chance, Timeline } from "./mod.ts";

test("actions happen by their time, and in the order of planning where that is the same", () => {
  const timeline = new Timeline();
  const chance = new Chance(3);
  const planned = Array.from({ length: 500 }, (_, order) => ({ at: chance.whole(0, 50), order }));
  const done: typeof planned = [];
  for (const action of planned) timeline.after(action.at, () => done.push(action));
  while (timeline.nextAt < Infinity) timeline.step();
  expect(done).toEqual(planned.toSorted((one, other) => one.at - other.at || one.order - other.order));
});

test("running until a time does what is due by then and leaves the rest", () => {
  const timeline = new Timeline();
  const done: number[] = [];
  for (const delayMs of [5, 10, 15]) timeline.after(delayMs, () => done.push(timeline.now));
  timeline.runUntil(12);
  expect(done).toEqual([5, 10]);
  expect(timeline.now).toBe(12);
  expect(timeline.nextAt).toBe(15);
});
