/** Buckets per power of two: the answer of `percentile` is off by less than 1/128 of itself. */
const SUB_BUCKETS = 64;
const SUB_BUCKET_BITS = Math.log2(SUB_BUCKETS);
/** The unit of the first buckets: a call between two processes takes a hundred of them, or less. */
const UNITS_PER_MICROSECOND = 100;
/** Powers of two above the first SUB_BUCKETS units: 0.64 us * 2^34 is three hours. */
const OCTAVES = 34;
/** From here on units are no 32-bit integers: 21 s. */
const SMALL_UNITS_END = 2 ** 31;

/**
 * Counts of latencies in buckets whose width grows with their value, as in HdrHistogram (Tene): constant relative error,
 * constant memory. Recording takes some nanoseconds: it lies between the calls that are measured.
 */
export class Histogram {
  readonly #counts = new Float64Array(SUB_BUCKETS * (OCTAVES + 1));
  #count = 0;
  #max = 0;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact, unlike the percentiles. */
  get maxMicros(): number {
    return this.#max;
  }

  /** Exact. NaN when nothing was recorded. */
  get meanMicros(): number {
    return this.#sum / this.#count;
  }

  record(micros: number): void {
    this.#counts[bucketOf(micros * UNITS_PER_MICROSECOND)]!++;
    this.#count++;
    this.#sum += micros;
    if (micros > this.#max) this.#max = micros;
  }

  /** The latency that a share of all recorded ones does not exceed; NaN when nothing was recorded. */
  percentile(share: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index]!;
      if (seen >= rank) return Math.min(middleOf(index) / UNITS_PER_MICROSECOND, this.#max);
    }
    return this.#max;
  }
}

/** Every octave has SUB_BUCKETS buckets; in front of the first one lie SUB_BUCKETS units with a bucket each. */
function bucketOf(units: number): number {
  if (units < SUB_BUCKETS) return Math.max(0, Math.floor(units));
  if (units >= SMALL_UNITS_END) return bucketOfMany(units);
  const whole = units | 0;
  const octave = 31 - Math.clz32(whole) - SUB_BUCKET_BITS;
  return SUB_BUCKETS * octave + (whole >>> octave);
}

function bucketOfMany(units: number): number {
  const octave = Math.min(Math.floor(Math.log2(units)) - SUB_BUCKET_BITS, OCTAVES - 1);
  return SUB_BUCKETS * octave + Math.min(Math.floor(units / 2 ** octave), 2 * SUB_BUCKETS - 1);
}

function middleOf(index: number): number {
  if (index < SUB_BUCKETS) return index + 0.5;
  const octave = Math.floor(index / SUB_BUCKETS) - 1;
  return (SUB_BUCKETS + (index % SUB_BUCKETS) + 0.5) * 2 ** octave;
}
