import type { Resources } from "./resources.ts";

/** What a measurement has to reach. Every bound that is present must hold. */
export interface Target {
  /** The largest allowed value divided by the reference's. */
  ratioMax?: number;
  /** The smallest allowed value divided by the reference's. */
  ratioMin?: number;
  /** The largest allowed value, in the measurement's unit. */
  valueMax?: number;
  /** The smallest allowed value, in the measurement's unit. */
  valueMin?: number;
}

/** One figure of ours beside its reference's. */
export interface Measurement {
  metric: string;
  unit: string;
  /** Ours: the median of the rounds. */
  value: number;
  /** What it is compared with. */
  reference: string;
  /** The reference's: the median of the rounds. */
  referenceValue: number;
  /** Without a target the figure only informs. */
  target?: Target;
  /** The lower and upper quartile of the rounds' ratios: how far the noise of the machine reaches. */
  ratioQuartiles?: readonly [number, number];
}

/** What a case gets to work with. */
export interface CaseContext {
  readonly resources: Resources;
  /** The compiled executable under test. */
  readonly binary: string;
  /** Says on stderr what goes on. */
  progress(message: string): void;
}

/** One benchmark: measures ours and its reference in one run. */
export interface Case {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Whether it needs the compiled executable. */
  readonly needsBinary: boolean;
  measure(context: CaseContext): Promise<Measurement[]>;
}
