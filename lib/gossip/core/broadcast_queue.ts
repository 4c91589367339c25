/** What waits to be told. */
interface Rumour {
  readonly key: string;
  readonly message: Uint8Array;
  told: number;
}

/** How many that do not fit into what is left of a packet are passed over before it goes as it is. */
const MISFITS_MAX = 32;

/**
 * Rumours by how often they were told: the least told first, so that news overtakes what most have heard, and among those
 * the oldest first. A later rumour with the same key replaces the earlier. Bounded: when it is full, the one told most often
 * gives way.
 */
export class BroadcastQueue {
  /** Rumours that gave way to others before they were told as often as they should. */
  dropped = 0;
  readonly #byKey = new Map<string, Rumour>();
  /** By how often they were told. */
  readonly #tiers: Set<Rumour>[] = [];

  constructor(private readonly rumoursMax: number) {}

  get size(): number {
    return this.#byKey.size;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** A rumour that needs to reach fewer starts as if it had been `told` so often. */
  put(key: string, message: Uint8Array, told = 0): void {
    this.remove(key);
    if (this.#byKey.size >= this.rumoursMax) this.#makeRoom();
    const rumour: Rumour = { key, message, told };
    this.#byKey.set(key, rumour);
    this.#tier(told).add(rumour);
  }

  remove(key: string): void {
    const rumour = this.#byKey.get(key);
    if (rumour === undefined) return;
    this.#byKey.delete(key);
    this.#tier(rumour.told).delete(rumour);
  }

  /**
   * Takes messages that fit into `bytes` together and puts them into `into`; each counts as told once more, and is
   * forgotten when that makes `timesMax`. Gives how many bytes they have.
   */
  take(bytes: number, timesMax: number, into: Uint8Array[]): number {
    let left = bytes;
    let misfits = 0;
    const taken: Rumour[] = [];
    for (const tier of this.#tiers) {
      for (const rumour of tier) {
        if (misfits === MISFITS_MAX) break;
        if (rumour.message.length > left) {
          misfits++;
          continue;
        }
        left -= rumour.message.length;
        taken.push(rumour);
      }
    }
    for (const rumour of taken) {
      into.push(rumour.message);
      this.#tier(rumour.told++).delete(rumour);
      if (rumour.told < timesMax) this.#tier(rumour.told).add(rumour);
      else this.#byKey.delete(rumour.key);
    }
    return bytes - left;
  }

  #makeRoom(): void {
    for (const tier of this.#tiers.toReversed()) {
      const [oldest] = tier;
      if (oldest === undefined) continue;
      this.dropped++;
      return this.remove(oldest.key);
    }
  }

  #tier(told: number): Set<Rumour> {
    while (this.#tiers.length <= told) this.#tiers.push(new Set());
    return this.#tiers[told]!;
  }
}
