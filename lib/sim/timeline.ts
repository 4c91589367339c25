/** Virtual time: what is to happen, in the order in which it is to happen. */
export class Timeline {
  now = 0;
  #sequence = 0;
  /** A binary heap by time, then by order of `at`. */
  readonly #heap: { at: number; sequence: number; action: () => void }[] = [];

  /** When the next action is due; Infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  after(delayMs: number, action: () => void): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push({ at: this.now + delayMs, sequence: this.#sequence++, action });
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Goes to the next action and does it. */
  step(): void {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    this.now = Math.max(this.now, first.at);
    first.action();
  }

  /** Does all that is due until then, and goes there. */
  runUntil(ms: number): void {
    while (this.nextAt <= ms) this.step();
    this.now = Math.max(this.now, ms);
  }

  #sink(): void {
    for (let index = 0;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a]!;
    const other = this.#heap[b]!;
    return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
  }
}
