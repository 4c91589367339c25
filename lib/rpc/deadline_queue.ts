import { TIMEOUT_MS_MAX } from "./limits.ts";

/** How late a deadline may be noticed, by how far it is away: at most a sixteenth, and never less than 8 ms. */
function bucketWidthMs(leftMs: number): number {
  return leftMs < 1000 ? 8 : leftMs < 10_000 ? 64 : 512;
}

/** Something with a deadline. */
export interface Timed {
  /** In milliseconds of `performance.now`; Infinity for none. */
  readonly deadlineAt: number;
  /** Owned by the queue. */
  queueEntry: QueueEntry | undefined;
  /** The deadline is reached; the item has left the queue. */
  onDeadline(): void;
}

/** An item's place in its bucket's list. */
export interface QueueEntry {
  readonly item: Timed;
  readonly bucket: Bucket;
  previous: QueueEntry | undefined;
  next: QueueEntry | undefined;
}

interface Bucket {
  readonly at: number;
  first: QueueEntry | undefined;
}

/**
 * Deadlines of many calls with one timer. Almost every call is answered long before its deadline, so entering and
 * leaving must cost little: calls are linked into coarse buckets, leaving unlinks, and the timer is set for the earliest
 * bucket only. A hierarchical wheel was turned down: it ticks while calls wait; this one sleeps until something may be due.
 * What has seconds to go does not enter before it has lived a while: `deadline_sweep.ts`.
 *
 * The timer does not keep the process alive: what a call waits for does.
 */
export class DeadlineQueue {
  private readonly buckets = new Map<number, Bucket>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = Infinity;

  /** Calls `item.onDeadline()` once `performance.now()` has reached `item.deadlineAt`, unless it is removed before. */
  add(item: Timed, now: number): void {
    const { deadlineAt } = item;
    const leftMs = deadlineAt - now;
    if (leftMs === Infinity) return;
    const widthMs = bucketWidthMs(leftMs);
    const at = Math.ceil(deadlineAt / widthMs) * widthMs;
    let bucket = this.buckets.get(at);
    if (bucket === undefined) this.buckets.set(at, bucket = { at, first: undefined });
    const next = bucket.first;
    const entry: QueueEntry = { item, bucket, previous: undefined, next };
    item.queueEntry = entry;
    if (next !== undefined) next.previous = entry;
    bucket.first = entry;
    if (at < this.timerAt) this.setTimer(at, now);
  }

  /** Forgets an item; one that is not queued is no matter. */
  remove(item: Timed): void {
    const { queueEntry: entry } = item;
    if (entry === undefined) return;
    const { bucket, previous, next } = entry;
    if (previous === undefined) bucket.first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    item.queueEntry = undefined;
  }

  private setTimer(at: number, now: number): void {
    clearTimeout(this.timer);
    this.timerAt = at;
    // One that is further away than a timer holds is looked for again when that has fired.
    const waitMs = Math.min(Math.max(0, Math.ceil(at - now)), TIMEOUT_MS_MAX);
    this.timer = setTimeout(() => this.onTimer(), waitMs);
    this.timer.unref();
  }

  private onTimer(): void {
    const now = performance.now();
    this.timerAt = Infinity;
    let earliest = Infinity;
    for (const [at, bucket] of this.buckets) {
      while (at <= now && bucket.first !== undefined) {
        const { item } = bucket.first;
        this.remove(item);
        item.onDeadline();
      }
      if (bucket.first === undefined) this.buckets.delete(at);
      else if (at < earliest) earliest = at;
    }
    if (earliest < this.timerAt) this.setTimer(earliest, now);
  }
}
