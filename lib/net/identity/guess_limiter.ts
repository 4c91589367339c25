import { CellError, MINUTE } from "../../base/mod.ts";

/** How many wrong tokens may be shown. */
export interface GuessLimits {
  /** By one address, each minute. @default 10 */
  readonly perAddress: number;
  /** By everybody, each minute; also how many guesses are remembered. @default 300 */
  readonly altogether: number;
}

/** At 300 guesses a minute, 128 bits take 10^30 years. */
export const GUESS_LIMITS: GuessLimits = { perAddress: 10, altogether: 300 };

const WINDOW_MS = MINUTE;

/**
 * Makes whoever guesses tokens wait. An attempt counts as failed from its beginning, so that many at once gain nothing, and is
 * forgotten when it turns out right. Attempts that have to wait do not count: the memory is as long as `altogether`.
 */
export class GuessLimiter {
  /** Oldest first. */
  private attempts: { readonly address: string; readonly atMs: number }[] = [];

  /** Throws INVALID_ARGUMENT for limits that are not whole numbers from 1. */
  constructor(private readonly limits: GuessLimits = GUESS_LIMITS) {
    for (const [name, limit] of Object.entries(limits)) {
      if (!Number.isInteger(limit) || limit < 1) {
        throw new CellError(
          "INVALID_ARGUMENT",
          `limiting guesses: expected ${name} to be a whole number from 1, found ${limit}`,
        );
      }
    }
  }

  /**
   * Begins an attempt of `address` (without port): 0, or in how many milliseconds it may be made. `nowMs` is of a clock that
   * nobody sets: guesses of a time that was wrong would count until it comes.
   */
  begin(address: string, nowMs: number): number {
    const sinceMs = nowMs - WINDOW_MS;
    this.attempts = this.attempts.filter(({ atMs }) => atMs > sinceMs);
    const own = this.attempts.filter((attempt) => attempt.address === address);
    const delayMs = Math.max(
      waitMs(own, this.limits.perAddress, nowMs),
      waitMs(this.attempts, this.limits.altogether, nowMs),
    );
    if (delayMs === 0) this.attempts.push({ address, atMs: nowMs });
    return delayMs;
  }

  /** The attempt that `address` has begun was right. */
  succeed(address: string): void {
    const index = this.attempts.findLastIndex((attempt) => attempt.address === address);
    if (index !== -1) this.attempts.splice(index, 1);
  }

  /** How many attempts are remembered. */
  get size(): number {
    return this.attempts.length;
  }
}

function waitMs(attempts: readonly { readonly atMs: number }[], limit: number, nowMs: number): number {
  const oldest = attempts[attempts.length - limit];
  return oldest === undefined ? 0 : oldest.atMs + WINDOW_MS - nowMs;
}
