import fc from "fast-check";
import type { SeedOptions } from "../../../sim/mod.ts";

/**
 * Tries a property on as many values as `count` says, CELL_SEEDS where that is set. Throws the smallest value that breaks it,
 * with the command that replays it.
 */
export function checkProperty<Values>(options: SeedOptions, property: fc.IProperty<Values>): void {
  const { CELL_SEED: seed, CELL_SEEDS: many } = process.env;
  const numRuns = Number(many ?? options.count);
  const details = fc.check(property, seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) });
  if (!details.failed && details.numRuns > 0) return;
  const command = `CELL_SEED=${details.seed} bun test ${options.file} -t "${options.test}"`;
  throw new Error(`${fc.defaultReportMessage(details)}\nagain: ${command}`);
}
