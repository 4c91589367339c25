import { MS, SECOND } from "../base/mod.ts";
import type { DeadlineQueue, Timed } from "./deadline_queue.ts";

/** From this on, a call's time is looked after by a sweep. */
export const SWEPT_FROM_MS = 10 * SECOND;
/** How long after a call began its deadline is written down: at most this and what the event loop is late. */
export const SWEEP_MS = 200 * MS;
/** Stands for a deadline that has not been written down. */
export const UNFIXED = 0;

/** A call whose deadline need not be known exactly. */
export interface Swept extends Timed {
  /** Without reading the clock: `UNFIXED`, or what `deadlineAt` is. */
  readonly fixedAt: number;
  /** Writes down that the call ends when it has taken its time, counted from `now`. */
  fixDeadline(now: number): void;
}

/**
 * Enters calls into the queue of deadlines when they have lived a while. A call that is answered before costs no look at
 * the clock and no list: 80 to 100 ns on each side, more than everything else about its deadline. What it costs is that the
 * deadline is noticed up to SWEEP_MS late, a fiftieth of the shortest time that is swept; it is never noticed too early.
 *
 * The timer runs while calls begin, and does not keep the process alive.
 */
export class DeadlineSweep {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `calls` gives what is in flight. */
  constructor(private readonly queue: DeadlineQueue, private readonly calls: () => Iterable<Swept>) {}

  /** A call began whose deadline is not fixed. */
  onCall(): void {
    if (this.timer === undefined) this.wait();
  }

  private wait(): void {
    this.timer = setTimeout(() => this.onTimer(), SWEEP_MS);
    this.timer.unref();
  }

  private onTimer(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const call of this.calls()) {
      if (call.queueEntry !== undefined) continue;
      if (call.fixedAt === UNFIXED) call.fixDeadline(now);
      this.queue.add(call, now);
    }
  }
}
