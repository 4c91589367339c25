import type { Slot } from "./slot.ts";

/**
 * How many instances of each release may stop because nobody needs them. Judged by what the instances themselves said
 * last, so nothing that has not reported is idle. Of releases that run side by side the busiest decides: they have one
 * number in common.
 */
export function idleSurplus(slotsByRelease: readonly (readonly Slot[])[], idleMs: number): number {
  const counts = slotsByRelease.map((slots) => slots.filter((slot) => isIdle(slot, idleMs)).length);
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function isIdle(slot: Slot, idleMs: number): boolean {
  return slot.isUp && slot.load?.inFlight === 0 && slot.idleMs() >= idleMs;
}
