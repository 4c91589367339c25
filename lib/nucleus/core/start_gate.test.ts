import { expect, test } from "bun:test";
import { admit } from "./start_gate.ts";
import { numbersOf, slotOf } from "./testing/slots.ts";

const waiting = (number: number, startAt: number, isAwaited = false, isUrgent = false) => ({
  slot: slotOf({ number, phase: "waiting", startAt }),
  isAwaited,
  isUrgent,
});

test("as many start as there is room for, who came first first", () => {
  const candidates = [waiting(1, 30), waiting(2, 10), waiting(3, 20)];
  expect(numbersOf(admit(candidates, 6, 8))).toEqual([2, 3]);
  expect(admit(candidates, 8, 8)).toEqual([]);
  expect(admit(candidates, 9, 8)).toEqual([]);
});

test("who is waited for goes before everybody else", () => {
  expect(numbersOf(admit([waiting(1, 10), waiting(2, 90, true)], 0, 1))).toEqual([2]);
});

test("one of a service that is waited for and does not start yet starts in any case, and only one", () => {
  const candidates = [waiting(1, 10), waiting(2, 90, true, true), waiting(3, 90, true, true)];
  expect(numbersOf(admit(candidates, 8, 8))).toEqual([2]);
  expect(numbersOf(admit(candidates, 7, 8))).toEqual([2]);
  expect(numbersOf(admit(candidates, 6, 8))).toEqual([2, 3]);
});
