/** A call that takes longer is dear enough for its time to be taken. */
const FAST_MICROS = 20;
/** So many timed calls in a row have to be fast before others are passed over. */
const FAST_CALLS = 64;
/** Then one of 4 to 11 calls is timed. */
const PASSED_MIN = 3;
const PASSED_MASK = 7;

/**
 * Which calls are timed, of those whose handlers return with the answer. Two looks at the clock take 80 ns, a seventh of
 * such a call; one of seven or eight tells the same about all of them. Each timed call stands for those that were passed
 * over before it, so that percentiles stay those of all calls. The distance is drawn, so that calls which come in a
 * pattern are not seen at one point of it. One slow call, and all that follow are timed until they are fast again.
 *
 * Calls that wait for something are all timed, and their times are not taken here. When one was to be passed over, what its
 * handler did before it waited is missing from its time; the next ones are timed from their arrival.
 */
export class LatencySampler {
  /** Calls passed over since one was timed, and how many are to be. */
  private passed = 0;
  private toPass = 0;
  private fastCalls = 0;
  private random = 1;

  /** Whether the next call is to be timed. */
  get isNextTimed(): boolean {
    return this.passed >= this.toPass;
  }

  /** A call was not timed. */
  passOver(): void {
    this.passed++;
  }

  /** A call took `micros`. Returns how many calls it stands for, itself included. */
  take(micros: number): number {
    const represented = this.passed + 1;
    this.passed = 0;
    if (micros >= FAST_MICROS) this.fastCalls = 0;
    else if (this.fastCalls < FAST_CALLS) this.fastCalls++;
    this.toPass = this.fastCalls < FAST_CALLS ? 0 : PASSED_MIN + (this.draw() & PASSED_MASK);
    return represented;
  }

  /** A call waits that was to be passed over: those that follow are timed until many are fast and wait for nothing. */
  timeNext(): void {
    this.toPass = this.fastCalls = 0;
  }

  /** A linear congruential generator's better bits. */
  private draw(): number {
    this.random = (Math.imul(this.random, 1_103_515_245) + 12_345) | 0;
    return this.random >>> 16;
  }
}
