/** Something that may be done for each key once in a while. What is remembered is bounded. */
export class Cooldown {
  /** The one done longest ago comes first. */
  readonly #doneAtMs = new Map<string, number>();

  constructor(private readonly intervalMs: number, private readonly keysMax: number) {}

  /** Whether it may be done for this key now; then it counts as done. A clock that was set back forbids nothing for long. */
  pass(key: string, nowMs: number): boolean {
    const doneAtMs = this.#doneAtMs.get(key);
    if (doneAtMs !== undefined && Math.abs(nowMs - doneAtMs) < this.intervalMs) return false;
    this.#doneAtMs.delete(key);
    const [oldest] = this.#doneAtMs.keys();
    if (this.#doneAtMs.size >= this.keysMax && oldest !== undefined) this.#doneAtMs.delete(oldest);
    this.#doneAtMs.set(key, nowMs);
    return true;
  }

  get size(): number {
    return this.#doneAtMs.size;
  }
}
