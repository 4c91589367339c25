/**
 * How well this node itself keeps up, from 0 (well) to one less than its maximum. Section IV.A of "Lifeguard: Local Health
 * Awareness for More Accurate Failure Detection" (Dadgar, Phillips, Currey 2018) calls it the local health multiplier.
 */
export class Awareness {
  #score = 0;

  constructor(private readonly max: number, private readonly isOn: boolean) {}

  get score(): number {
    return this.#score;
  }

  /** Good news is negative: a probe that was answered -1; an accusation of this node or an answer that did not come +1. */
  apply(delta: number): void {
    if (this.isOn) this.#score = Math.min(this.max - 1, Math.max(0, this.#score + delta));
  }

  /** How long something should take at the moment that takes `durationMs` on a healthy node. */
  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
