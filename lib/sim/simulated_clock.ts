import { assert } from "../base/mod.ts";
import type { Timeline } from "./timeline.ts";

/** How wrong a machine's clock is. */
export interface Skew {
  /** What it shows at the timeline's zero. @default 0 */
  readonly offsetMs?: number;
  /** How much faster than the timeline it runs: 0.0001 gains 8.6 s in a day. @default 0 */
  readonly drift?: number;
}

/** Less than any timer resolves, and more than the numbers' last digit at a date of today: a timer is never early. */
const LATE_MS = 0.001;

/** A machine's own clock: the timeline's time, but offset and at its own speed. */
export class SimulatedClock {
  readonly #offsetMs: number;
  readonly #rate: number;

  constructor(private readonly timeline: Timeline, { offsetMs = 0, drift = 0 }: Skew = {}) {
    assert(drift > -1, `a clock with a drift of ${drift} does not go forward`);
    this.#offsetMs = offsetMs;
    this.#rate = 1 + drift;
  }

  get nowMs(): number {
    return this.#offsetMs + this.timeline.now * this.#rate;
  }

  /** How long from now, by the timeline, until this clock shows `ownMs`; 0 when it has shown it. */
  untilMs(ownMs: number): number {
    const leftMs = (ownMs - this.nowMs) / this.#rate;
    return leftMs > 0 ? leftMs + LATE_MS : 0;
  }
}
