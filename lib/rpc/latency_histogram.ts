/** Each power of two is cut into this many buckets of equal width, so a percentile is at most 1/8 too high. */
const BUCKETS_PER_POWER = 8;
/** Longer durations than 2^31 microseconds (36 minutes) count as that. */
const POWERS = 31;
const MICROS_MAX = 2 ** POWERS - 1;

/**
 * How long calls took, in a fixed 2 KB: a log-linear histogram (the layout of HdrHistogram). Recording is two
 * instructions and an increment. The counts are doubles: at a million calls a second, 32 bits are full within 72 minutes.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array(POWERS * BUCKETS_PER_POWER);
  private count = 0;
  maxMicros = 0;

  /** Counts `calls` calls of one duration. */
  record(micros: number, calls = 1): void {
    const whole = Math.min(micros, MICROS_MAX) | 0;
    this.counts[bucketOf(whole)]! += calls;
    this.count += calls;
    if (whole > this.maxMicros) this.maxMicros = whole;
  }

  /** The smallest bucket bound that at least `share` of all recorded durations do not exceed; 0 without any. */
  percentileMicros(share: number): number {
    let left = Math.ceil(this.count * share);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      left -= this.counts[bucket]!;
      if (left <= 0) return Math.min(upperBound(bucket), this.maxMicros);
    }
    return this.maxMicros;
  }
}

function bucketOf(whole: number): number {
  if (whole < BUCKETS_PER_POWER) return whole;
  const power = 31 - Math.clz32(whole);
  return (power - 2) * BUCKETS_PER_POWER + ((whole >> (power - 3)) & 7);
}

/** The largest whole number of microseconds that falls into a bucket. */
function upperBound(bucket: number): number {
  if (bucket < BUCKETS_PER_POWER) return bucket;
  const power = Math.floor(bucket / BUCKETS_PER_POWER) + 2;
  const width = 2 ** (power - 3);
  return (BUCKETS_PER_POWER + (bucket % BUCKETS_PER_POWER) + 1) * width - 1;
}
