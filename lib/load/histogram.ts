/** Buckets per power of two: the answer of `percentile` is off by less than 1/128 of itself. */
const SUB_BUCKETS = 64;
/** The unit of the first buckets, in microseconds. */
const UNIT_MICROS = 0.1;
/** Powers of two above the first SUB_BUCKETS units: 6.4 us * 2^30 is two hours. */
const OCTAVES = 30;

/**
 * Counts of latencies in buckets whose width grows with their value, as in HdrHistogram (Tene): constant relative error,
 * constant memory.
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
    const index = bucketOf(micros / UNIT_MICROS);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
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
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return Math.min(middleOf(index) * UNIT_MICROS, this.#max);
    }
    return this.#max;
  }
}

function bucketOf(units: number): number {
  if (units < SUB_BUCKETS) return Math.max(0, Math.floor(units));
  const octave = Math.min(Math.floor(Math.log2(units)) - Math.log2(SUB_BUCKETS), OCTAVES - 1);
  const within = Math.min(Math.floor(units / 2 ** octave) - SUB_BUCKETS, SUB_BUCKETS - 1);
  return SUB_BUCKETS * (octave + 1) + within;
}

function middleOf(index: number): number {
  if (index < SUB_BUCKETS) return index + 0.5;
  const octave = Math.floor(index / SUB_BUCKETS) - 1;
  return (SUB_BUCKETS + (index % SUB_BUCKETS) + 0.5) * 2 ** octave;
}
