import type { NodeId } from "./member.ts";

/**
 * The time that a suspect has. It starts with the longest and shrinks with each independent confirmation c of k expected:
 * max - (max - min) * log(c + 1) / log(k + 1), and never below min. A node whose own messages are late hears no
 * confirmations, and so waits longest. Section IV.B of the Lifeguard paper.
 */
export class Suspicion {
  readonly #from: Set<NodeId>;
  #startMs: number;

  constructor(
    first: NodeId,
    private readonly expected: number,
    private readonly minMs: number,
    private readonly maxMs: number,
    nowMs: number,
  ) {
    this.#from = new Set([first]);
    this.#startMs = nowMs;
  }

  get confirmations(): number {
    return this.#from.size - 1;
  }

  /** When the suspect counts as failed. */
  get endMs(): number {
    if (this.expected === 0) return this.#startMs + this.minMs;
    const share = Math.log(this.confirmations + 1) / Math.log(this.expected + 1);
    return this.#startMs + Math.max(this.minMs, this.maxMs - share * (this.maxMs - this.minMs));
  }

  /** Counts another accuser; false when it was counted already or no more are needed. */
  confirm(from: NodeId): boolean {
    if (this.confirmations >= this.expected || this.#from.has(from)) return false;
    this.#from.add(from);
    return true;
  }

  /** Gives it so much more time: this process did not run. */
  extend(lostMs: number): void {
    this.#startMs += lostMs;
  }
}
