import { KIB, MIB, MS } from "../base/mod.ts";

/** While what is waited for usually comes within this, it is spun for, and for this long. */
export const SPIN_MS = 0.02 * MS;
/**
 * How long it is waited for awake in all, before the doorbell has to wake who waits. An answer by doorbell takes 10 us when
 * both sides share a core and 60 us when each has its own: who gives up before that never finds out that waiting pays.
 */
export const WAIT_MS = 0.1 * MS;
/**
 * After a long streak of arrivals in time a pause is a hiccup, such as a garbage collection, and over before who sleeps would be
 * awake again.
 */
const WAIT_HOT_MS = 0.2 * MS;
/** How many arrivals in time make such a streak, which outweighs the wait in vain that ends it. On busy cores there is none. */
const STREAK_LONG = 64;
/** So many bytes are a large message: copying it and collecting what it leaves behind takes a while now and then. */
const LARGE_BYTES = 64 * KIB;
/** The longer for what was sent or received before: large messages take the other side as long to copy. */
const WAIT_MS_PER_BYTE = (0.5 * MS) / MIB;
/** More than this is never waited for. */
const WAIT_MS_MAX = 1 * MS;
/** Weight of one pause in the moving average. */
const GAP_WEIGHT = 1 / 8;
/** After a wait in vain it is tried again when the doorbell has rung so often, after a short streak twice as often... */
const DOORBELLS_MIN = 1;
/** ...up to this: few enough of the calls wait in vain for the slowest percent of them not to be those. */
const DOORBELLS_MAX = 1024;

/**
 * Whether it is worth waiting awake for what one connection will bring. Each pause is a guess that it will be like the ones
 * before; a process that waits awake for what does not come keeps the processor from whom it waits for. On a machine
 * whose cores are busy that is the usual case: then trust is lost at once, and a connection without it is as good as a Unix
 * socket.
 */
export class Pace {
  /** How long the pauses are that ended in time; a new connection has the benefit of the doubt. */
  #gapMs = 0;
  /** Arrivals in time since it was waited for in vain. */
  #streak = 0;
  /** Doorbells that have to ring before it is waited for awake. */
  #doorbellsLeft = 0;
  /** How many that will be after the next wait in vain. */
  #doorbellsNext = DOORBELLS_MIN;
  #quietSinceMs = 0;
  /** Bytes that the other side may be busy with: those of the last pause or, when it was short, of those before. */
  #busyBytes = 0;

  /** Whether to wait awake at all. */
  get isTrusted(): boolean {
    return this.#doorbellsLeft <= 0;
  }

  /** Until when it is worth spinning; not after now when it is not. */
  get spinUntilMs(): number {
    return this.#gapMs <= SPIN_MS && this.isTrusted ? this.#quietSinceMs + SPIN_MS : 0;
  }

  /** Until when it is worth looking in every turn of the event loop. */
  get waitUntilMs(): number {
    if (!this.isTrusted) return 0;
    const waitMs = this.#streak >= STREAK_LONG ? WAIT_HOT_MS : WAIT_MS;
    return this.#quietSinceMs + Math.min(waitMs + this.#busyBytes * WAIT_MS_PER_BYTE, WAIT_MS_MAX);
  }

  /** Nothing more is there. Since it was quiet before, `movedBytes` were sent and received. */
  onQuiet(nowMs: number, movedBytes: number): void {
    this.#quietSinceMs = nowMs;
    this.#busyBytes = Math.max(movedBytes, this.#busyBytes / 2);
  }

  /** Something came while it was waited for awake. */
  onArrival(nowMs: number): void {
    // Whoever made way for another process had the processor back too late: asleep it would have been woken for it.
    if (nowMs > this.waitUntilMs && this.#busyBytes < LARGE_BYTES) return this.onVain();
    this.#gapMs += (nowMs - this.#quietSinceMs - this.#gapMs) * GAP_WEIGHT;
    if (++this.#streak === STREAK_LONG) this.#doorbellsNext = DOORBELLS_MIN;
  }

  /** Nothing came while it was waited for awake. */
  onVain(): void {
    this.#streak = 0;
    this.#doorbellsLeft = this.#doorbellsNext;
    // Beside the copying of a large message a wait in vain costs little.
    const isLarge = this.#busyBytes >= LARGE_BYTES;
    this.#doorbellsNext = isLarge ? DOORBELLS_MIN : Math.min(2 * this.#doorbellsNext, DOORBELLS_MAX);
  }

  /** Something came while nobody waited for it awake. */
  onDoorbell(): void {
    this.#doorbellsLeft--;
  }
}
