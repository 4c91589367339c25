import { RELAYS_MAX } from "./limits.ts";

/** A probe that this node makes for another. */
export interface Relay {
  /** The address of who asked, and the number it goes by there. */
  readonly to: string;
  readonly sequence: number;
  readonly wantsNack: boolean;
  endMs: number;
}

/** Probes for others, bounded, in the order of their ends: all have the same time. */
export class Relays {
  readonly #bySequence = new Map<number, Relay>();

  /** When the next ends without an answer. */
  get nextAtMs(): number {
    for (const { endMs } of this.#bySequence.values()) return endMs;
    return Infinity;
  }

  /** Adds one under this node's own number; false when there is no room. */
  add(sequence: number, relay: Relay): boolean {
    if (this.#bySequence.size >= RELAYS_MAX) return false;
    this.#bySequence.set(sequence, relay);
    return true;
  }

  /** The relay that an answer is for. */
  take(sequence: number): Relay | undefined {
    const relay = this.#bySequence.get(sequence);
    if (relay !== undefined) this.#bySequence.delete(sequence);
    return relay;
  }

  /** Those whose time is over. */
  takeEnded(nowMs: number): Relay[] {
    const ended: Relay[] = [];
    for (const [sequence, relay] of this.#bySequence) {
      if (relay.endMs > nowMs) break;
      this.#bySequence.delete(sequence);
      ended.push(relay);
    }
    return ended;
  }

  extend(lostMs: number): void {
    for (const relay of this.#bySequence.values()) relay.endMs += lostMs;
  }
}
