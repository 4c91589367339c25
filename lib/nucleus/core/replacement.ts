import type { Slot } from "./slot.ts";
import { victims } from "./victims.ts";

/** So large a share of the instances is replaced at once: few on a small board, not one by one where there are many. */
const SURGE_SHARE = 0.25;

/** What brings the slots of one release nearer to what is wanted. */
export interface Plan {
  /** How many slots to add. */
  readonly create: number;
  readonly leave: readonly Slot[];
}

/**
 * How many slots of a release to add and which to give up, so that `wanted` fresh ones remain.
 *
 * Stale slots are replaced a few at a time: one may go when one more than is wanted is up, so the number that answers
 * calls never falls because of it. If the fresh ones do not come up, the stale ones stay.
 */
export function plan(slots: readonly Slot[], wanted: number): Plan {
  if (wanted === 0) return { create: 0, leave: slots };
  const stale = slots.filter(({ isStale }) => isStale);
  const fresh = slots.filter(({ isStale }) => !isStale);
  const surplus = victims(fresh, fresh.length - wanted);
  if (stale.length === 0) return { create: Math.max(0, wanted - fresh.length), leave: surplus };

  const useless = stale.filter(({ isUp }) => !isUp);
  const up = slots.filter(({ isUp }) => isUp).length - surplus.filter(({ isUp }) => isUp).length;
  const replaced = victims(stale.filter(({ isUp }) => isUp), up - wanted);
  const leave = [...surplus, ...useless, ...replaced];
  const room = wanted + surge(wanted) - (slots.length - leave.length);
  return { create: Math.max(0, Math.min(wanted - fresh.length, room)), leave };
}

/** The release that has taken the place of others. */
export interface Successor {
  readonly number: number;
  /** Its slots that stay. */
  readonly slots: readonly Slot[];
  /** How many there shall be. */
  readonly target: number;
}

/** Which slots of releases that nobody wants any more may go: all but those that still stand in for the successor's. */
export function relieved(retired: readonly Slot[], { number, slots, target }: Successor): Slot[] {
  const areComing = slots.every((slot) => slot.isUp || slot.isPromising);
  const missing = target - slots.filter(({ isUp }) => isUp).length;
  // What is newer than the successor is a candidate that was given up.
  const older = retired.filter((slot) => slot.isUp && slot.release < number);
  const leaving = new Set(victims(older, older.length - (areComing ? Math.max(0, missing) : 0)));
  return retired.filter((slot) => !older.includes(slot) || leaving.has(slot));
}

function surge(wanted: number): number {
  return Math.max(1, Math.floor(wanted * SURGE_SHARE));
}
