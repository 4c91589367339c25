import { assert } from "../../lib/base/mod.ts";

/** The value below which `share` (0 to 1) of the samples lie, interpolated between neighbours. */
export function percentile(samples: readonly number[], share: number): number {
  assert(samples.length > 0, "a percentile needs samples");
  const sorted = Float64Array.from(samples).sort();
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

/** The middle value. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The mean for ratios: twice as fast here and half as fast there is 1. */
export function geometricMean(ratios: readonly number[]): number {
  assert(ratios.length > 0, "a mean needs samples");
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
