import { MS } from "../../base/mod.ts";
import { type CallCounts, errorRateJumped, ERRORS_MIN } from "./error_rate.ts";
import type { Slot } from "./slot.ts";
import type { ReleaseSpec } from "./spec.ts";

/** What a candidate is judged by. */
export interface Evidence {
  /** Slots of the candidate. */
  readonly fresh: readonly Slot[];
  /** Slots of the releases that it would replace. */
  readonly before: readonly Slot[];
  /** How many instances it shall have. */
  readonly wanted: number;
}

/**
 * While releases are compared, how often their instances are asked what they have answered. Heartbeats come too rarely: a
 * release that fails every call would go on doing so for seconds. A question costs both sides some 0.2 ms.
 */
export const SAMPLE_MS = 250 * MS;

/** What has become of a candidate: to be told to the driver, once. */
export type Verdict = { readonly kind: "promote" } | { readonly kind: "abort"; readonly reason: string };

/**
 * One candidate's way to being active.
 *
 *     starting ──all up──▶ observing ──time is over──▶ promoted
 *        │  └──parallel, or nothing runs to compare──────▲
 *        └────────┬───────────┘
 *                 ▼ a start fails, a process ends, too many errors
 *              aborted
 *
 * Both ends are final: the driver records them, and a new spec follows. The time is not over before every instance of the
 * candidate has said at its end what it has answered, because an error rate that nobody has measured proves nothing.
 */
export class Rollout {
  phase: "starting" | "observing" | "promoted" | "aborted" = "starting";
  #observeUntil = Infinity;
  /** When everybody is asked next. */
  #sampleAt = Infinity;
  /** The last question was at the end of the time or after it. */
  #isLastSample = false;

  constructor(readonly release: ReleaseSpec) {}

  get isDecided(): boolean {
    return this.phase === "promoted" || this.phase === "aborted";
  }

  promote(): Verdict {
    this.phase = "promoted";
    return { kind: "promote" };
  }

  abort(reason: string): Verdict {
    this.phase = "aborted";
    return { kind: "abort", reason };
  }

  /** Goes on as far as the evidence allows. "ask": all instances are to be asked what they have answered. */
  step(evidence: Evidence, now: number): Verdict | { readonly kind: "ask" } | undefined {
    const { fresh, before, wanted } = evidence;
    const areUp = fresh.length >= wanted && fresh.every(({ isUp }) => isUp);
    if (this.phase === "starting" && areUp) {
      const isCompared = !this.release.parallel && this.release.observeMs > 0 && before.some(({ isUp }) => isUp);
      if (!isCompared) return this.promote();
      this.phase = "observing";
      this.#observeUntil = now + this.release.observeMs;
      this.#sampleAt = Math.min(now + SAMPLE_MS, this.#observeUntil);
      for (const slot of [...fresh, ...before]) slot.observe();
    }
    if (this.phase !== "observing") return undefined;
    const reason = worsening(before, fresh);
    if (reason !== undefined) return this.abort(reason);
    if (now >= this.#sampleAt) return this.#sample(fresh, now);
    return this.#isLastSample && areUp && fresh.every(({ hasReported }) => hasReported) ? this.promote() : undefined;
  }

  /** When time alone changes something. */
  nextAt(): number {
    return this.phase === "observing" ? this.#sampleAt : Infinity;
  }

  /** Leaves out a time in which nobody could listen. */
  postpone(lostMs: number): void {
    this.#observeUntil += lostMs;
    this.#sampleAt += lostMs;
  }

  #sample(fresh: readonly Slot[], now: number): { readonly kind: "ask" } {
    this.#isLastSample = now >= this.#observeUntil;
    this.#sampleAt = this.#isLastSample ? Infinity : Math.min(now + SAMPLE_MS, this.#observeUntil);
    for (const slot of fresh) slot.hasReported = false;
    return { kind: "ask" };
  }
}

/** Why the new release is worse, if it is: compared with the old one at the same time, or else with its past. */
function worsening(before: readonly Slot[], fresh: readonly Slot[]): string | undefined {
  const after = sum(fresh.map(({ load }) => load));
  if (after.errors < ERRORS_MIN) return undefined;
  const meanwhile = sum(before.map((slot) => slot.observed()));
  const usual = meanwhile.calls > 0 ? meanwhile : sum(before.map(({ load }) => load));
  if (!errorRateJumped(usual, after)) return undefined;
  return `${after.errors} of its ${after.calls} calls failed; of the release before, ${usual.errors} of ${usual.calls}`;
}

function sum(counts: readonly (CallCounts | undefined)[]): CallCounts {
  const of = (pick: (counts: CallCounts) => number) =>
    counts.reduce((total, each) => total + (each === undefined ? 0 : pick(each)), 0);
  return { calls: of(({ calls }) => calls), errors: of(({ errors }) => errors) };
}
