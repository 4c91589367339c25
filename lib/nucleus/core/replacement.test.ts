import { expect, test } from "bun:test";
import { plan } from "./replacement.ts";
import { numbersOf, slotOf, type SlotShape } from "./testing/slots.ts";

const stale = (number: number, phase: SlotShape["phase"] = "up"): SlotShape => ({ number, phase, isStale: true });
const fresh = (number: number, phase: SlotShape["phase"] = "up"): SlotShape => ({ number, phase });

const CASES: [string, SlotShape[], number, number, number[]][] = [
  ["what is missing is added", [fresh(1)], 3, 2, []],
  ["what is too much goes", [fresh(1), fresh(2), fresh(3)], 1, 0, [3, 2]],
  ["nothing stays where nothing is wanted", [fresh(1), stale(2), fresh(3, "starting")], 0, 0, [1, 2, 3]],
  ["a single stale one gets a successor first", [stale(1)], 1, 1, []],
  ["it stays while the successor starts", [stale(1), fresh(2, "starting")], 1, 0, []],
  ["it goes when the successor is up", [stale(1), fresh(2)], 1, 0, [1]],
  ["it stays when the successor crash-loops", [stale(1), fresh(2, "crash-looping")], 1, 0, []],
  ["three are replaced one after another", [stale(1), stale(2), stale(3)], 3, 1, []],
  ["with one successor up the next is added", [stale(1), stale(2), stale(3), fresh(4)], 3, 1, [3]],
  ["what is stale and serves nobody goes at once", [stale(1, "starting"), stale(2)], 2, 2, [1]],
  ["a quarter of many is replaced at once", Array.from({ length: 12 }, (_, index) => stale(index + 1)), 12, 3, []],
  ["scaled down meanwhile, the stale ones go first", [stale(1), stale(2), fresh(3), fresh(4)], 2, 0, [2, 1]],
];

test.each(CASES)("%s", (_name, shapes, wanted, create, leave) => {
  const found = plan(shapes.map(slotOf), wanted);
  expect(found.create).toBe(create);
  expect(numbersOf(found.leave)).toEqual(leave);
});
