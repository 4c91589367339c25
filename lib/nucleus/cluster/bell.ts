/** Rung at every change; whoever follows something waits for it. No ring is missed between looking and waiting. */
export class Bell {
  #count = 0;
  #next = Promise.withResolvers<void>();

  /** How often it was rung. */
  get count(): number {
    return this.#count;
  }

  ring(): void {
    this.#count++;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves when it has been rung more often than `seen` times, or when `signal` aborts. */
  async after(seen: number, signal?: AbortSignal): Promise<void> {
    if (this.#count > seen || signal?.aborted) return;
    if (signal === undefined) return await this.#next.promise;
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#next.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
