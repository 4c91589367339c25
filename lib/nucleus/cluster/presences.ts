import { CellError } from "../../base/mod.ts";
import type { Advertisement } from "../client/mod.ts";

/** Instances of one node that can be offered to others. */
export const PRESENCES_MAX = 1024;

/** The instances of this node that listen to the network now. */
export class Presences {
  /** By instance. */
  readonly #listening = new Map<string, Advertisement>();

  /** `onChange` hears of what came, what has other ports, and what left (then with undefined). */
  constructor(private readonly onChange: (instance: string, advertisement: Advertisement | undefined) => void) {}

  /**
   * Adds an instance, or takes the place of what was said of it before. Gives what takes it back. Throws RESOURCE_EXHAUSTED
   * when there are too many, and what `onChange` throws; then all is as it was.
   */
  add(advertisement: Advertisement): () => void {
    const { instance } = advertisement;
    if (!this.#listening.has(instance) && this.#listening.size >= PRESENCES_MAX) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `offering ${instance} to others: a node offers at most ${PRESENCES_MAX}`,
      );
    }
    // What is not told to others is not listed either.
    this.onChange(instance, advertisement);
    this.#listening.set(instance, advertisement);
    return () => {
      // Its successor may have taken its name over already.
      if (this.#listening.get(instance) !== advertisement) return;
      this.#listening.delete(instance);
      this.onChange(instance, undefined);
    };
  }

  /** Where an instance listens; undefined of one that does not. */
  of(instance: string): Advertisement | undefined {
    return this.#listening.get(instance);
  }

  all(): Advertisement[] {
    return [...this.#listening.values()];
  }
}
