/** What happens, in its order, for a loop that handles one thing after the other. */
export class Inbox<Event> {
  readonly #waiting: Event[] = [];
  #wake: (() => void) | undefined;

  /** Adds what has happened. */
  push(event: Event): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** The next that has happened, or happens. */
  async next(): Promise<Event> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
