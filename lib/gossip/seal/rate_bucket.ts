/** A token bucket: so many at once, and so many more every second. */
export class RateBucket {
  #left: number;
  #filledAtMs: number;

  constructor(private readonly perSecond: number, private readonly burst: number, nowMs: number) {
    this.#left = burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes one, if there is one. A clock that goes back adds nothing. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(nowMs - this.#filledAtMs, 0);
    this.#filledAtMs = nowMs;
    this.#left = Math.min(this.burst, this.#left + (passedMs * this.perSecond) / 1000);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
