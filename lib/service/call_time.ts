import { DEFAULT_TIMEOUT_MS } from "../rpc/mod.ts";
import type { Method } from "../schema/mod.ts";

/** A call without a deadline of its own looks for an instance and connects for no longer than this, over all attempts. */
export const LOOKING_MS_MAX = DEFAULT_TIMEOUT_MS;

/** What bounds a call before anybody knows its method. */
export interface CallTimeOptions {
  /** What the caller or its client says; undefined when both say nothing. */
  readonly givenMs: number | undefined;
  /** What is left to the call that this one is part of; Infinity without one. */
  readonly callerMs: number;
}

/**
 * The time that a call has for everything: finding an instance, connecting, waiting and being answered. Without a word of
 * the caller it is that of the method, 30 s when that says nothing either. Calls with streams last as long as they want;
 * what they spend on looking is bounded all the same. Knows no clock: elapsed time comes in.
 */
export class CallTime {
  /** Whether an answer may take as long as it wants. */
  #isEndless = false;
  #isLearned = false;
  #limitMs: number;
  /** Spent on attempts; it is none of the looking. */
  #attemptsMs = 0;

  constructor(private readonly options: CallTimeOptions) {
    this.#limitMs = Math.min(options.givenMs ?? LOOKING_MS_MAX, options.callerMs);
  }

  /** Whether the method decides, and nobody has said yet which it is. */
  get isUnknown(): boolean {
    return this.options.givenMs === undefined && !this.#isLearned;
  }

  /** All the time there is, for errors. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** The method became known. */
  learn({ timeoutMs, resultStream, params }: Pick<Method, "timeoutMs" | "resultStream" | "params">): void {
    if (!this.isUnknown) return;
    this.#isLearned = true;
    const hasStreams = resultStream === true || params.some(({ stream }) => stream === true);
    const { callerMs } = this.options;
    this.#isEndless = timeoutMs === undefined && hasStreams && callerMs === Infinity;
    // A stream lives as long as the call that it is part of.
    const isCallers = timeoutMs === undefined && hasStreams && !this.#isEndless;
    this.#limitMs = isCallers ? callerMs : Math.min(timeoutMs ?? LOOKING_MS_MAX, callerMs);
  }

  /** An attempt has taken this long. */
  spend(attemptMs: number): void {
    this.#attemptsMs += attemptMs;
  }

  /** What of `elapsedMs`, since the call began, counts. */
  countedMs(elapsedMs: number): number {
    return this.#isEndless ? elapsedMs - this.#attemptsMs : elapsedMs;
  }

  /** What is left for looking. */
  remainingMs(elapsedMs: number): number {
    return Math.max(0, this.#limitMs - this.countedMs(elapsedMs));
  }

  /** What is left for the next attempt; undefined: as long as it wants, or as the method says. */
  attemptMs(elapsedMs: number): number | undefined {
    const remainingMs = this.remainingMs(elapsedMs);
    return this.#isEndless || this.isUnknown || remainingMs === Infinity ? undefined : remainingMs;
  }
}
