import { SECOND } from "../base/mod.ts";

/** The longest time without a look at what is due: wall clocks jump, timers do not. */
export const ALARM_MS_MAX = 30 * SECOND;

/** One timer for everything that is due. It keeps no process alive. */
export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #atMs = Infinity;
  #isStopped = false;

  constructor(private readonly steadyMs: () => number, private readonly ring: () => void) {}

  /** Rings at this time at the latest. One that rings early costs a look, so it is set anew only for what is due earlier. */
  setFor(dueMs: number): void {
    const nowMs = this.steadyMs();
    const atMs = Math.min(dueMs, nowMs + ALARM_MS_MAX);
    if (this.#isStopped || atMs >= this.#atMs) return;
    this.#atMs = atMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ring(), Math.max(Math.ceil(atMs - nowMs), 0));
    this.#timer.unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #ring(): void {
    this.#atMs = Infinity;
    this.ring();
  }
}
