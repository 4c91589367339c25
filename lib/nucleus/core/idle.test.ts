import { expect, test } from "bun:test";
import { idleSurplus } from "./idle.ts";
import { slotOf } from "./testing/slots.ts";

const IDLE_MS = 60_000;

test("an instance that reported nothing to do for long enough is not needed", () => {
  const slots = [slotOf({ number: 1, idleMs: IDLE_MS }), slotOf({ number: 2, idleMs: IDLE_MS - 1 })];
  expect(idleSurplus([slots], IDLE_MS)).toBe(1);
});

test("what never reported, answers a call or is not up is not idle", () => {
  const slots = [
    slotOf({ number: 1 }),
    slotOf({ number: 2, idleMs: IDLE_MS, inFlight: 1 }),
    slotOf({ number: 3, phase: "starting" }),
  ];
  expect(idleSurplus([slots], 1)).toBe(0);
});

test("of releases side by side the busiest decides", () => {
  const idle = [slotOf({ number: 1, idleMs: IDLE_MS }), slotOf({ number: 2, idleMs: IDLE_MS })];
  expect(idleSurplus([idle, [slotOf({ number: 3, idleMs: IDLE_MS })]], IDLE_MS)).toBe(1);
  expect(idleSurplus([idle, [slotOf({ number: 3, idleMs: 0 })]], IDLE_MS)).toBe(0);
  expect(idleSurplus([], IDLE_MS)).toBe(0);
});
