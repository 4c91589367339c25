import type { Slot } from "./slot.ts";

/** A slot that wants a process, and how badly. */
export interface Candidate {
  readonly slot: Slot;
  /** Somebody waits for its service, of which nothing is up. */
  readonly isAwaited: boolean;
}

/**
 * Who may start now: those that somebody waits for first, then whoever could have started earliest. Nobody is passed
 * over for ever: a start ends after `startTimeoutMs`, and what came later waits behind what came before.
 */
export function admit(candidates: Candidate[], starting: number, startingMax: number): Slot[] {
  const free = startingMax - starting;
  if (free <= 0 || candidates.length === 0) return [];
  const ranked = candidates.toSorted((a, b) =>
    Number(b.isAwaited) - Number(a.isAwaited) || a.slot.startAt - b.slot.startAt || a.slot.id.number - b.slot.id.number
  );
  return ranked.slice(0, free).map(({ slot }) => slot);
}
