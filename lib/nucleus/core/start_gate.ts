import type { Slot } from "./slot.ts";

/** A slot that wants a process, and how badly. */
export interface Candidate {
  readonly slot: Slot;
  /** Somebody waits for its service, of which nothing is up. */
  readonly isAwaited: boolean;
  /** And nothing of that service is starting either. */
  readonly isUrgent: boolean;
}

/**
 * Who may start now: those that somebody waits for first, then whoever could have started earliest. Nobody is passed
 * over for ever: a start ends after `startTimeoutMs`, and what came later waits behind what came before.
 *
 * One of every service that is urgent starts in any case: whoever waits for it may be the very ones that hold the places,
 * services that call another one while they start.
 */
export function admit(candidates: Candidate[], starting: number, startingMax: number): Slot[] {
  if (candidates.length === 0) return [];
  const free = Math.max(0, startingMax - starting);
  const ranked = candidates.toSorted((a, b) =>
    Number(b.isAwaited) - Number(a.isAwaited) || a.slot.startAt - b.slot.startAt || a.slot.id.number - b.slot.id.number
  );
  const served = new Set<string>();
  return ranked.filter(({ slot: { id }, isUrgent }, index) => {
    const isAdmitted = index < free || (isUrgent && !served.has(id.service));
    if (isAdmitted) served.add(id.service);
    return isAdmitted;
  }).map(({ slot }) => slot);
}
