import { CellError } from "../base/mod.ts";

/** A call that may have to wait for its turn. */
export interface Waiting {
  /** Its turn has come. */
  run(): void;
}

/** Lets at most `maxConcurrency` calls of a method run at once; further ones wait in order of arrival. */
export class MethodGate {
  private running = 0;
  private admitting = false;
  /** A set keeps the order of arrival, and a call that is cancelled while it waits leaves at once. */
  private readonly queue = new Set<Waiting>();

  constructor(
    private readonly method: string,
    private readonly maxConcurrency: number,
    private readonly queuedCallsMax: number,
  ) {}

  /** Runs the call now or when a running one leaves. Throws RESOURCE_EXHAUSTED when too many wait. */
  enter(call: Waiting): void {
    if (this.running < this.maxConcurrency) {
      this.running++;
      call.run();
    } else if (this.queue.size < this.queuedCallsMax) {
      this.queue.add(call);
    } else {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `calling ${this.method}: ${this.maxConcurrency} calls run and ${this.queuedCallsMax} wait already`,
        { retryable: true, data: { started: false, limit: "queuedCallsMax" } },
      );
    }
  }

  /** A call that ran has ended. */
  leave(): void {
    this.running--;
    // The next one may end at once, and so may all behind it: they are let in by a loop, not by each other.
    if (this.admitting) return;
    this.admitting = true;
    for (const next of this.queue) {
      if (this.running >= this.maxConcurrency) break;
      this.queue.delete(next);
      this.running++;
      next.run();
    }
    this.admitting = false;
  }

  /** Takes back a call that still waits; false when it does not. */
  withdraw(call: Waiting): boolean {
    return this.queue.delete(call);
  }
}
