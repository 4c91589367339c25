import { expect, test } from "bun:test";
import { admit } from "./start_gate.ts";
import { numbersOf, slotOf } from "./testing/slots.ts";

const waiting = (number: number, startAt: number, isAwaited = false) => ({
  slot: slotOf({ number, phase: "waiting", startAt }),
  isAwaited,
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
