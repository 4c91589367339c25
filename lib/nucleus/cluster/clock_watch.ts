import { MINUTE } from "../../base/mod.ts";

/** Less than this is no jump: timers are late on a busy machine, and clocks are corrected in small steps. */
export const JUMP_MS_MIN = 1 * MINUTE;

/**
 * Notices that the time of day has jumped: the machine slept, or somebody set its clock. Timers know nothing of that: what
 * they would have renewed may have expired, or not be valid yet.
 */
export class ClockWatch {
  #offsetMs: number;

  /** `wallMs` is the time of day, `steadyMs` never goes back and may stand still while the machine sleeps. */
  constructor(
    private readonly wallMs: () => number = Date.now,
    private readonly steadyMs: () => number = () => performance.now(),
  ) {
    this.#offsetMs = this.#offset();
  }

  /** By how much the time of day has jumped since the last look: 0 when it has not. */
  look(): number {
    const offsetMs = this.#offset();
    const jumpMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    return Math.abs(jumpMs) < JUMP_MS_MIN ? 0 : jumpMs;
  }

  #offset(): number {
    return this.wallMs() - this.steadyMs();
  }
}
