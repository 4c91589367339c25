import type { Measurement, Target } from "./case.ts";
import { median, percentile } from "./statistics.ts";

/** How often the two sides take turns. */
export interface Rounds {
  /** Turns whose outcome is thrown away: caches fill, code is compiled. */
  warmUps: number;
  rounds: number;
}

/** The samples of the two sides; those at one index were taken one right after the other. */
export interface Comparison {
  ours: number[];
  reference: number[];
}

/** Measures the two sides in turns: A B A B ... */
export async function interleave(
  { warmUps, rounds }: Rounds,
  ours: () => number | Promise<number>,
  reference: () => number | Promise<number>,
): Promise<Comparison> {
  const comparison: Comparison = { ours: [], reference: [] };
  for (let turn = 0; turn < warmUps + rounds; turn++) {
    const our = await ours();
    const other = await reference();
    if (turn < warmUps) continue;
    comparison.ours.push(our);
    comparison.reference.push(other);
  }
  return comparison;
}

/** A comparison as a measurement: medians, and the quartiles of the rounds' ratios. */
export function compare(
  { ours, reference }: Comparison,
  about: { metric: string; unit: string; reference: string; target?: Target },
): Measurement {
  const ratios = ours.map((value, round) => value / reference[round]!);
  const measurement: Measurement = { ...about, value: median(ours), referenceValue: median(reference) };
  // A reference of zero (no CPU time at all) has no ratio.
  if (ratios.every(Number.isFinite)) measurement.ratioQuartiles = [percentile(ratios, 0.25), percentile(ratios, 0.75)];
  return measurement;
}
