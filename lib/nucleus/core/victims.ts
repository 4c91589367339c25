import type { Slot } from "./slot.ts";

/** The slots to give up first, when `count` of them have to go: what serves nobody, then the least busy, the highest number. */
export function victims(slots: readonly Slot[], count: number): Slot[] {
  if (count <= 0) return [];
  const ranked = slots.toSorted((a, b) =>
    rank(a) - rank(b) || b.idleMs() - a.idleMs() || (a.load?.inFlight ?? 0) - (b.load?.inFlight ?? 0) ||
    b.id.number - a.id.number
  );
  return ranked.slice(0, count);
}

function rank(slot: Slot): number {
  if (slot.isUp) return 2;
  return slot.hasProcess ? 1 : 0;
}
