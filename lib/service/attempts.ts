import { CellError, MS, SECOND } from "../base/mod.ts";

/** The first wait before another attempt; each further one is twice as long... */
const WAIT_FIRST_MS = 5 * MS;
/** ...up to this. */
const WAIT_MS_MAX = 250 * MS;
/** With the waits above, a service may be away for about 15 s. */
const ATTEMPTS_MAX = 64;
/** A service that was there a moment ago and whose name nobody holds now may be coming back; longer than this it is not. */
const VANISHED_MS_MAX = 2 * SECOND;

/** What bounds the attempts of one call. */
export interface AttemptBounds {
  /** What is attempted, for errors: "calling hello.greet". */
  readonly what: string;
  /** When the call began, as performance.now() says. */
  readonly startedAt: number;
  /** Undefined without a deadline: then only the number of attempts is bounded. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether this client has ever reached the service: only then can it be said to have vanished. */
  readonly wasReached: boolean;
}

/** The attempts of one call: waits between them, and an error that says why there is no further one. */
export class Attempts {
  #count = 1;
  #waitMs = WAIT_FIRST_MS;

  constructor(private readonly bounds: AttemptBounds) {}

  /** What is left of the call's time; undefined without a deadline. */
  get remainingMs(): number | undefined {
    const { startedAt, timeoutMs } = this.bounds;
    return timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - startedAt);
  }

  /**
   * Resolves when the next attempt is due after `error`, which left the call not executed. Throws what the caller gets
   * when there shall be none.
   */
  async next(error: CellError): Promise<void> {
    const { what, signal, startedAt, timeoutMs, wasReached } = this.bounds;
    const elapsedMs = performance.now() - startedAt;
    if (error.code === "NOT_FOUND" && !(wasReached && elapsedMs < VANISHED_MS_MAX)) throw error;
    if (this.#count >= ATTEMPTS_MAX) throw error;
    const remainingMs = this.remainingMs;
    if (remainingMs !== undefined && remainingMs <= this.#waitMs) {
      await wait(Math.max(0, remainingMs), what, signal);
      throw new CellError("DEADLINE_EXCEEDED", `${what}: no answer within ${timeoutMs} ms. ${error.message}`, {
        cause: error,
        data: { started: false },
      });
    }
    await wait(this.#waitMs, what, signal);
    this.#count++;
    this.#waitMs = Math.min(2 * this.#waitMs, WAIT_MS_MAX);
  }
}

/** Resolves after `delayMs`; throws CANCELLED as soon as `signal` aborts. */
function wait(delayMs: number, what: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(what, signal));
    const onAbort = () => {
      clearTimeout(timer);
      reject(cancelled(what, signal!));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function cancelled(what: string, signal: AbortSignal): CellError {
  return new CellError("CANCELLED", `${what}: cancelled before it started`, { cause: signal.reason });
}
