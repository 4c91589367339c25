import { spyOn } from "bun:test";

/** A timer that waits for a test to say that its time is over. */
interface HeldTimer {
  readonly delayMs: number;
  readonly run: () => void;
}

/**
 * For tests: timers of some delays fire when the test says so and at no other time, all others as ever. The code under test
 * is told apart by delays that nobody else uses.
 */
export class HeldTimers implements Disposable {
  /** What is given for a held timer is a real one, which would fire in years. */
  readonly #held = new Map<unknown, HeldTimer>();
  readonly #spies: Disposable[];

  constructor(...delaysMs: number[]) {
    const { setTimeout, clearTimeout } = globalThis;
    const hold = (run: () => void, delayMs?: number, ...args: []) => {
      if (delayMs === undefined || !delaysMs.includes(delayMs)) return setTimeout(run, delayMs, ...args);
      const timer = setTimeout(() => {}, 2 ** 31 - 1);
      this.#held.set(timer, { delayMs, run });
      return timer;
    };
    const forget = (timer: never) => {
      this.#held.delete(timer);
      clearTimeout(timer);
    };
    this.#spies = [
      spyOn(globalThis, "setTimeout").mockImplementation(hold as never),
      spyOn(globalThis, "clearTimeout").mockImplementation(forget as never),
    ];
  }

  /** How many timers of a delay were set, have not fired and were not cleared. */
  count(delayMs: number): number {
    return [...this.#held.values()].filter((held) => held.delayMs === delayMs).length;
  }

  /** The time of all timers of a delay that are set now is over. */
  fire(delayMs: number): void {
    for (const [timer, held] of [...this.#held]) {
      if (held.delayMs !== delayMs || !this.#held.delete(timer)) continue;
      clearTimeout(timer as never);
      held.run();
    }
  }

  [Symbol.dispose](): void {
    for (const spy of this.#spies) spy[Symbol.dispose]();
    for (const timer of this.#held.keys()) clearTimeout(timer as never);
  }
}
