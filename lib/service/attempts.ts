import { CellError, MS, SECOND } from "../base/mod.ts";
import { isNowhere } from "./nowhere.ts";

/** The wait before the second attempt; each further one is twice as long... */
export const WAIT_FIRST_MS = 5 * MS;
/** ...up to this. */
export const WAIT_MS_MAX = 250 * MS;
/** With the waits above, a service may be away for about 15 s. */
export const ATTEMPTS_MAX = 64;
/** A service that was there a moment ago and whose name nobody holds now may be coming back; longer than this it is not. */
export const VANISHED_MS_MAX = 2 * SECOND;

/** What bounds the attempts of one call. */
export interface AttemptBounds {
  /** What is attempted, for errors: "calling hello.greet". */
  readonly what: string;
  /** How long the call has, which may depend on what is learned meanwhile; Infinity: only attempts are bounded. */
  timeoutMs(): number;
  /** Whether this client has ever reached the service: only then can it be said to have vanished. */
  readonly wasReached: boolean;
}

/** Decides when a call that was not executed is attempted again. Knows no clock: elapsed time comes in, waits go out. */
export class Attempts {
  #count = 1;
  #waitMs = WAIT_FIRST_MS;

  constructor(private readonly bounds: AttemptBounds) {}

  /**
   * How long to wait before the next attempt, when the last one failed with `error` and the call began `elapsedMs` ago.
   * Throws what the caller gets when there shall be no further one.
   */
  nextWaitMs(error: CellError, elapsedMs: number): number {
    const { what, wasReached } = this.bounds;
    if (isNowhere(error) && !(wasReached && elapsedMs < VANISHED_MS_MAX)) throw error;
    if (this.#count === ATTEMPTS_MAX) throw error;
    const timeoutMs = this.bounds.timeoutMs();
    const remainingMs = Math.max(0, timeoutMs - elapsedMs);
    if (remainingMs === 0) {
      throw new CellError(
        "DEADLINE_EXCEEDED",
        `${what}: no answer within ${Math.round(timeoutMs)} ms. ${error.message}`,
        {
          cause: error,
          data: { started: false },
        },
      );
    }
    const waitMs = Math.min(this.#waitMs, remainingMs);
    this.#count++;
    this.#waitMs = Math.min(2 * this.#waitMs, WAIT_MS_MAX);
    return waitMs;
  }
}
