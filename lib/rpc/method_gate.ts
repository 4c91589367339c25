import { CellError } from "../base/mod.ts";

/** A call that may have to wait for its turn. */
export interface Waiting {
  /** Its turn has come. */
  run(): void;
}

/** Lets at most `maxConcurrency` calls of a method run at once; further ones wait in order of arrival. */
export class MethodGate {
  private running = 0;
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
    const [next] = this.queue;
    if (next === undefined) this.running--;
    else {
      this.queue.delete(next);
      next.run();
    }
  }

  /** Takes back a call that still waits; false when it does not. */
  withdraw(call: Waiting): boolean {
    return this.queue.delete(call);
  }
}
