import { BIGINT_RANGES, INTEGER_RANGES } from "../check.ts";
import type { ResolvedType } from "../resolve.ts";

/** Integers up to here are exact in single precision. */
const F32_EXACT_MAX = 2 ** 24;

/** Inclusive bounds; infinite where there are none. */
export interface Range {
  least: number | bigint;
  greatest: number | bigint;
}

/** A range of counts. */
export function rangeOf(least: number | undefined, greatest: number | undefined): Range {
  return { least: least ?? 0, greatest: greatest ?? Infinity };
}

/** Whether every value of the first range is in the second one. */
export function isWithin(inner: Range, outer: Range): boolean {
  return inner.least >= outer.least && inner.greatest <= outer.greatest;
}

export function isSame(one: Range, other: Range): boolean {
  return isWithin(one, other) && isWithin(other, one);
}

/** "at least 1", "at most 150", "1 to 150", with a unit; "any number of" units without bounds. */
export function showRange({ least, greatest }: Range, unit = ""): string {
  const tail = unit === "" ? "" : ` ${unit}`;
  const hasLeast = unit === "" ? least > -Infinity : least > 0;
  if (hasLeast && greatest < Infinity) return least === greatest ? `${least}${tail}` : `${least} to ${greatest}${tail}`;
  if (hasLeast) return `at least ${least}${tail}`;
  if (greatest < Infinity) return `at most ${greatest}${tail}`;
  return unit === "" ? "any number" : `any number of ${unit}`;
}

/** The numbers that a type holds, apart from which of them it holds exactly. */
export interface NumericType extends Range {
  isBigint: boolean;
  format: "number" | "f32" | "integer";
}

/** undefined for a type that holds no numbers. */
export function numericType(type: ResolvedType): NumericType | undefined {
  switch (type.kind) {
    case "number": {
      // Both ends round the bounds of a type in single precision as they round its values.
      const rounded = type.format === "f32" ? Math.fround : (bound: number): number => bound;
      return {
        isBigint: false,
        format: type.format ?? "number",
        least: rounded(type.minimum ?? -Infinity),
        greatest: rounded(type.maximum ?? Infinity),
      };
    }
    case "integer": {
      const [least, greatest] = INTEGER_RANGES[type.format];
      return {
        isBigint: false,
        format: "integer",
        least: Math.max(least, type.minimum ?? least),
        greatest: Math.min(greatest, type.maximum ?? greatest),
      };
    }
    case "literal":
      if (typeof type.value !== "number") return undefined;
      return {
        isBigint: false,
        format: Number.isInteger(type.value) ? "integer" : Math.fround(type.value) === type.value ? "f32" : "number",
        least: type.value,
        greatest: type.value,
      };
    case "bigint": {
      const [least, greatest] = BIGINT_RANGES[type.format ?? "any"];
      const minimum = type.minimum === undefined ? least : BigInt(type.minimum);
      const maximum = type.maximum === undefined ? greatest : BigInt(type.maximum);
      return {
        isBigint: true,
        format: "integer",
        least: minimum > least ? minimum : least,
        greatest: maximum < greatest ? maximum : greatest,
      };
    }
    case "bigintLiteral":
      return { isBigint: true, format: "integer", least: BigInt(type.value), greatest: BigInt(type.value) };
    default:
      return undefined;
  }
}

/** Whether values in one numeric format are values in another one, bounds apart. */
export function isExact(from: NumericType, to: NumericType): boolean {
  if (from.isBigint !== to.isBigint) return false;
  if (to.format === "number" || from.format === to.format) return true;
  if (to.format === "integer" || from.format === "number") return false;
  return from.least >= -F32_EXACT_MAX && from.greatest <= F32_EXACT_MAX;
}
