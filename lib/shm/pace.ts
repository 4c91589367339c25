import { MS } from "../base/mod.ts";

/** While what is waited for usually comes within this, waiting for it without a break is cheaper than anything else... */
export const SPIN_MS = 0.02 * MS;
/** ...while it usually comes within this, looking in every turn of the event loop is cheaper than going to sleep... */
export const POLL_MS = 0.1 * MS;
/** ...for at most this long: then it is not as usual. */
export const POLL_WINDOW_MS = 0.3 * MS;
/** A longer pause counts as one of this length: a caller that comes back after an hour is as fast again as after a moment. */
const GAP_MS_MAX = 1 * MS;
/** Weight of one pause in the moving average. */
const GAP_WEIGHT = 1 / 8;

/**
 * How long one connection usually is quiet between two arrivals, as a moving average. A pause is first of all a guess
 * that it will be like the others; a process that spins for what does not come takes the processor from whom it waits for.
 */
export class Pace {
  /** A new connection is given the benefit of the doubt. */
  #gapMs = SPIN_MS / 2;
  #quietSince = 0;

  /** Nothing more has arrived. */
  onQuiet(nowMs: number): void {
    this.#quietSince = nowMs;
  }

  /** Something arrived after a pause that ended at about `nowMs`. */
  onArrival(nowMs: number): void {
    const gapMs = Math.min(nowMs - this.#quietSince, GAP_MS_MAX);
    this.#gapMs += (gapMs - this.#gapMs) * GAP_WEIGHT;
  }

  /** Until when it is worth spinning; not after now when it is not. */
  get spinUntilMs(): number {
    return this.#gapMs <= SPIN_MS ? this.#quietSince + SPIN_MS : 0;
  }

  /** Until when it is worth looking in every turn of the event loop. */
  get pollUntilMs(): number {
    return this.#gapMs <= POLL_MS ? this.#quietSince + POLL_WINDOW_MS : 0;
  }
}
