import { INSTANCES_MAX } from "../lib/nucleus/client/mod.ts";
import { UsageError } from "./usage_error.ts";

/** A whole number of a command line. Throws UsageError that names the bounds. */
export function parseCount(text: string, what: string, min: number, max: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count >= min && count <= max) return count;
  throw new UsageError(
    `${what}: expected a whole number from ${min.toLocaleString("en-US")} to ${max.toLocaleString("en-US")}, ` +
      `found "${text}"`,
  );
}

/** How many instances of a service shall run: 0 is one answer. */
export function parseInstances(text: string): number {
  return parseCount(text, "instances", 0, INSTANCES_MAX);
}
