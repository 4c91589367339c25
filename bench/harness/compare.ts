import type { Measurement, Target } from "./case.ts";
import { median, percentile } from "./statistics.ts";

/** How often the sides take turns. */
export interface Rounds {
  /** Turns whose outcome is thrown away: caches fill, code is compiled. */
  warmUps: number;
  rounds: number;
}

/** The samples of two sides; those at one index were taken one right after the other. */
export interface Comparison {
  ours: number[];
  reference: number[];
}

/** Measures every side in turns: A B C A B C ... */
export async function takeTurns<Side extends string, Sample>(
  { warmUps, rounds }: Rounds,
  sides: Readonly<Record<Side, () => Sample | Promise<Sample>>>,
): Promise<Record<Side, Sample[]>> {
  const names = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Side, Sample[]>;
  for (let turn = 0; turn < warmUps + rounds; turn++) {
    for (const name of names) {
      const sample = await sides[name]();
      if (turn >= warmUps) samples[name].push(sample);
    }
  }
  return samples;
}

/** Measures two sides in turns: A B A B ... */
export function interleave(
  rounds: Rounds,
  ours: () => number | Promise<number>,
  reference: () => number | Promise<number>,
): Promise<Comparison> {
  return takeTurns(rounds, { ours, reference });
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
