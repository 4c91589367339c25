import { MIB, MS } from "../base/mod.ts";

/** While what is waited for usually comes within this, it is spun for, and for this long. */
export const SPIN_MS = 0.02 * MS;
/**
 * How long it is waited for awake in all, before the doorbell has to wake who waits. The doorbell costs about 10 us: to wait
 * much longer would cost more where it is in vain than it saves where it is not.
 */
export const WAIT_MS = 0.06 * MS;
/** The longer for what was sent or received before: large messages take the other side as long to copy. */
const WAIT_MS_PER_BYTE = (0.5 * MS) / MIB;
/** More than this is never waited for. */
const WAIT_MS_MAX = 1 * MS;
/** Weight of one pause in the moving average. */
const GAP_WEIGHT = 1 / 8;
/** How much trust a connection has at most: that what is waited for comes in time. */
const TRUST_MAX = 8;
/** What waiting in vain costs of it; in time gives one back. So it takes four out of five to be worth it. */
const TRUST_LOST = 4;
/** Without trust it is tried again after so many doorbells, then after twice as many, and so on... */
const DOORBELLS_BETWEEN_TRIES_MIN = 8;
/** ...up to this: a try costs as much as five doorbells, thus 2 % of the time at most. */
const DOORBELLS_BETWEEN_TRIES_MAX = 256;

/**
 * Whether it is worth waiting awake for what one connection will bring. Each pause is a guess that it will be like the ones
 * before; a process that waits awake for what does not come keeps the processor from whom it waits for. On a machine
 * whose cores are busy that is the usual case, so trust is lost faster than it is won, and a connection without it is
 * as good as a Unix socket.
 */
export class Pace {
  /** How long the pauses are that ended in time; a new connection has the benefit of the doubt. */
  #gapMs = 0;
  #trust = TRUST_MAX;
  #doorbellsUntilTry = 0;
  #doorbellsBetweenTries = DOORBELLS_BETWEEN_TRIES_MIN;
  #quietSinceMs = 0;
  #waitMs = WAIT_MS;

  /** Whether to wait awake at all. */
  get isTrusted(): boolean {
    return this.#trust > 0 || this.#doorbellsUntilTry <= 0;
  }

  /** Until when it is worth spinning; not after now when it is not. */
  get spinUntilMs(): number {
    return this.#gapMs <= SPIN_MS && this.isTrusted ? this.#quietSinceMs + SPIN_MS : 0;
  }

  /** Until when it is worth looking in every turn of the event loop. */
  get waitUntilMs(): number {
    return this.isTrusted ? this.#quietSinceMs + this.#waitMs : 0;
  }

  /** Nothing more is there. Since it was quiet before, `movedBytes` were sent and received. */
  onQuiet(nowMs: number, movedBytes: number): void {
    this.#quietSinceMs = nowMs;
    this.#waitMs = Math.min(WAIT_MS + movedBytes * WAIT_MS_PER_BYTE, WAIT_MS_MAX);
  }

  /** Something came while it was waited for awake. */
  onArrival(nowMs: number): void {
    this.#gapMs += (nowMs - this.#quietSinceMs - this.#gapMs) * GAP_WEIGHT;
    if (this.#trust === TRUST_MAX) return;
    this.#trust++;
    this.#doorbellsBetweenTries = DOORBELLS_BETWEEN_TRIES_MIN;
  }

  /** Nothing came while it was waited for awake. */
  onVain(): void {
    this.#trust = Math.max(0, this.#trust - TRUST_LOST);
    this.#doorbellsUntilTry = this.#doorbellsBetweenTries;
    this.#doorbellsBetweenTries = Math.min(2 * this.#doorbellsBetweenTries, DOORBELLS_BETWEEN_TRIES_MAX);
  }

  /** Something came while nobody waited for it awake. */
  onDoorbell(): void {
    this.#doorbellsUntilTry--;
  }
}
