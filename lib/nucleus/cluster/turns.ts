/** Changes that come one after the other, until they are closed: then what is under way ends, and nothing else begins. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #closing = new AbortController();
  #isOver = false;

  /** Aborted, with the reason, when this is closed: what is under way is to end as soon as it can. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Runs a change when those before it are over. Throws the reason once this is closed. */
  take<T>(change: () => Promise<T>): Promise<T> {
    return this.#after(() => {
      this.closing.throwIfAborted();
      return change();
    });
  }

  /** Closes, with a reason, and runs one last change when what is under way is over. */
  close(reason: Error, last: () => Promise<void>): Promise<void> {
    this.#closing.abort(reason);
    return this.#after(last);
  }

  /** The same, for good. */
  end(reason: Error, last: () => Promise<void>): Promise<void> {
    this.#isOver = true;
    return this.close(reason, last);
  }

  /** Takes a `close` back; false after `end`. */
  reopen(): boolean {
    if (!this.#isOver) this.#closing = new AbortController();
    return !this.#isOver;
  }

  #after<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
