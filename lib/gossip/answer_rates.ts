import type { NodeId } from "../net/identity/mod.ts";
import { RateBucket } from "./seal/mod.ts";

/** Exchanges that are answered, per second and at once: each may cost the check of many signatures. */
export const ANSWERS_PER_SECOND_MAX = 50;
export const ANSWERS_BURST_MAX = 200;
/** The same for one caller: as many at once as a whole exchange has rounds, and a part of what there is for all. */
export const CALLER_ANSWERS_PER_SECOND_MAX = 10;
export const CALLER_ANSWERS_BURST_MAX = 64;
/** Callers whose rates are remembered; who was heard least recently is forgotten. All others have not used theirs. */
export const ANSWERED_CALLERS_MAX = 1024;

/** How often exchanges are answered: for all callers together, and for each, so that none uses up what is there for all. */
export class AnswerRates {
  readonly #all: RateBucket;
  /** The one heard least recently comes first. */
  readonly #callers = new Map<NodeId, RateBucket>();

  constructor(nowMs: number) {
    this.#all = new RateBucket(ANSWERS_PER_SECOND_MAX, ANSWERS_BURST_MAX, nowMs);
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#callers.size;
  }

  /** Takes one answer for a caller. Undefined when it may be given, or the rate per second that is exceeded. */
  take(caller: NodeId, nowMs: number): number | undefined {
    // What a caller is refused for itself takes nothing from the others.
    if (!this.#of(caller, nowMs).take(nowMs)) return CALLER_ANSWERS_PER_SECOND_MAX;
    return this.#all.take(nowMs) ? undefined : ANSWERS_PER_SECOND_MAX;
  }

  #of(caller: NodeId, nowMs: number): RateBucket {
    const rate = this.#callers.get(caller) ??
      new RateBucket(CALLER_ANSWERS_PER_SECOND_MAX, CALLER_ANSWERS_BURST_MAX, nowMs);
    this.#callers.delete(caller);
    const [oldest] = this.#callers.keys();
    if (this.#callers.size >= ANSWERED_CALLERS_MAX && oldest !== undefined) this.#callers.delete(oldest);
    this.#callers.set(caller, rate);
    return rate;
  }
}
