import { CellError } from "../lib/base/mod.ts";

/** A point in time that several steps share: `--timeout` bounds a command, not each of its parts. */
export class Deadline {
  readonly #startedAt = performance.now();

  /** Without `timeoutMs` there is none. */
  constructor(private readonly timeoutMs: number | undefined) {}

  /** For what takes a timeout of its own: what is left, and at least a little, so that it says itself what took so long. */
  get options(): { timeoutMs?: number } {
    return this.timeoutMs === undefined ? {} : { timeoutMs: Math.max(1, this.#remainingMs(this.timeoutMs)) };
  }

  /** The result of a step that knows no timeout. Throws DEADLINE_EXCEEDED when it takes longer than what is left. */
  async within<T>(step: Promise<T>, what: string): Promise<T> {
    if (this.timeoutMs === undefined) return await step;
    const { promise: expired, reject } = Promise.withResolvers<never>();
    const error = new CellError("DEADLINE_EXCEEDED", `${what} took longer than ${this.timeoutMs} ms`);
    const timer = setTimeout(() => reject(error), this.#remainingMs(this.timeoutMs));
    // Nobody waits for a step that loses.
    step.catch(() => {});
    try {
      return await Promise.race([step, expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  #remainingMs(timeoutMs: number): number {
    return Math.max(0, timeoutMs - (performance.now() - this.#startedAt));
  }
}
