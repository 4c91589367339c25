import { expect, test } from "bun:test";
import { numbersOf, slotOf, type SlotShape } from "./testing/slots.ts";
import { victims } from "./victims.ts";

const CASES: [string, SlotShape[], number[]][] = [
  ["the highest number among equals", [{ number: 1 }, { number: 3 }, { number: 2 }], [3, 2, 1]],
  ["the less busy first", [{ number: 1, idleMs: 1, inFlight: 1 }, { number: 2, idleMs: 1, inFlight: 5 }], [1, 2]],
  ["the longest idle first", [{ number: 1, idleMs: 900 }, { number: 2, idleMs: 10 }], [1, 2]],
  ["what starts before what serves", [{ number: 1, phase: "starting" }, { number: 2 }], [1, 2]],
  [
    "what has no process before what starts",
    [{ number: 4, phase: "starting" }, { number: 1, phase: "crash-looping" }, { number: 2, phase: "waiting" }],
    [2, 1, 4],
  ],
];

test.each(CASES)("%s", (_name, shapes, order) => {
  expect(numbersOf(victims(shapes.map(slotOf), shapes.length))).toEqual(order);
});

test("nobody goes when nobody has to", () => {
  expect(victims([slotOf({ number: 1 })], 0)).toEqual([]);
  expect(victims([slotOf({ number: 1 })], -1)).toEqual([]);
});
