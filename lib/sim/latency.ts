/** How long a packet travels, in milliseconds; asked anew for each. */
export type Latency = (random: () => number) => number;

/** Anything between two bounds, each as likely. */
export function uniformLatency(minMs: number, maxMs: number): Latency {
  return (random) => minMs + random() * (maxMs - minMs);
}

/**
 * As measured between real machines: most packets take about `medianMs`, a few many times that (log-normal). `spread` is
 * the standard deviation of the logarithm: with 0.5, one in a hundred takes three times the median.
 */
export function longTailedLatency(medianMs: number, spread = 0.5): Latency {
  return (random) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return medianMs * Math.exp(spread * normal);
  };
}
