/**
 * Rung at every change; whoever follows something waits for it. No ring is missed between looking and waiting, and who gives
 * up waiting leaves nothing behind: a bell may hang for a year without being rung.
 */
export class Bell {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** How often it was rung. */
  get count(): number {
    return this.#count;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ring(): void {
    this.#count++;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Resolves when it has been rung more often than `seen` times, when `signal` aborts, or after `timeoutMs`. */
  async after(seen: number, signal?: AbortSignal, timeoutMs?: number): Promise<void> {
    if (this.#count > seen || signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    this.#waiting.add(resolve);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
    timer?.unref();
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }
}
