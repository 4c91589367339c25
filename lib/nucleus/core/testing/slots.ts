import { DEFAULTS } from "../options.ts";
import { Slot } from "../slot.ts";
import { Turn } from "../turn.ts";
import type { LoadReport } from "../view.ts";

/** What a slot shall look like. */
export interface SlotShape {
  readonly number: number;
  readonly phase?: "waiting" | "starting" | "up" | "crash-looping";
  readonly isStale?: boolean;
  /** How long it had nothing to do when it last reported; it never reported when this is left out. */
  readonly idleMs?: number;
  readonly inFlight?: number;
  /** While waiting. */
  readonly startAt?: number;
}

/** A slot in a certain state, brought there the way it would come there. */
export function slotOf({ number, phase = "up", isStale = false, idleMs, inFlight = 0, startAt }: SlotShape): Slot {
  const slot = new Slot({ service: "hello", number }, 1, 0);
  slot.isStale = isStale;
  if (startAt !== undefined) slot.startAt = startAt;
  if (phase === "waiting") return slot;
  if (phase === "crash-looping") {
    for (let count = 0; count < 5; count++) slot.fail("exited with code 1", new Turn(0, DEFAULTS, () => 0));
    return slot;
  }
  slot.spawn(0);
  slot.begin(100 + number, 0);
  if (phase === "starting") return slot;
  slot.serve("species", 0);
  const load: LoadReport = { inFlight, calls: 0, errors: 0, eventLoopLagMs: 0 };
  if (idleMs !== undefined) slot.onHeartbeat(load, new Turn(idleMs, DEFAULTS, () => 0));
  return slot;
}

/** The numbers of slots, in their order. */
export function numbersOf(slots: readonly Slot[]): number[] {
  return slots.map(({ id }) => id.number);
}
