import type { Clocks } from "../gossip_options.ts";

/** How often the clock goes on. */
const STEP_MS = 1;
/** The most by which it goes on in one turn of the event loop. */
export const STEP_MS_MAX = 5;

/**
 * A clock for nodes that are all in this process: however long the machine held the process up, to them hardly any time has
 * passed, so what came meanwhile is read before anybody is found silent. It is never faster than the machine's own.
 */
export class PatientClock implements Clocks {
  #nowMs = Date.now();
  #lookedAtMs = performance.now();
  readonly #timer = setInterval(() => this.#goOn(), STEP_MS).unref();

  readonly steadyMs = (): number => this.#nowMs;
  readonly wallMs = (): number => Math.floor(this.#nowMs);

  stop(): void {
    clearInterval(this.#timer);
  }

  #goOn(): void {
    const lookedAtMs = performance.now();
    this.#nowMs += Math.min(lookedAtMs - this.#lookedAtMs, STEP_MS_MAX);
    this.#lookedAtMs = lookedAtMs;
  }
}
