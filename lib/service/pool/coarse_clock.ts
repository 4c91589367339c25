import { MS } from "../../base/mod.ts";

/** How old the time may be, beside what the event loop is late. */
export const COARSE_MS = 25 * MS;

/**
 * A clock for what does not care about some milliseconds, such as when to look for further instances: asking it costs 1 ns,
 * `performance.now` 35 to 60. Its timer runs while it is asked, and does not keep the process alive.
 */
export class CoarseClock {
  #now = 0;
  #isFresh = false;

  /** Milliseconds of `performance.now`, at most about `COARSE_MS` ago. */
  now(): number {
    if (!this.#isFresh) this.#read();
    return this.#now;
  }

  #read(): void {
    this.#now = performance.now();
    this.#isFresh = true;
    setTimeout(() => this.#isFresh = false, COARSE_MS).unref();
  }
}
