import { MS, SECOND } from "../base/mod.ts";

/** The core is asked again after this time at the latest... */
const DELAY_MS_MAX = 60 * SECOND;
/** ...and at the earliest: whatever it wants can wait so long, and a time that never comes costs no core. */
const DELAY_MS_MIN = 1 * MS;

/** Calls the core when time alone changes something for it. */
export class TickTimer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tick: () => void) {}

  /** Takes the place of what was set before; Infinity when there is nothing to wait for. */
  set(delayMs: number): void {
    this.clear();
    if (delayMs === Infinity) return;
    this.#timer = setTimeout(() => this.#onTime(), Math.min(Math.max(DELAY_MS_MIN, delayMs), DELAY_MS_MAX));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  /** A tick that goes wrong sets no time: then there is another one nevertheless. */
  #onTime(): void {
    this.set(DELAY_MS_MAX);
    this.tick();
  }
}
