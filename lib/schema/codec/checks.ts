import { BIGINT_RANGES, INTEGER_RANGES } from "../check.ts";
import { compilePattern } from "../pattern/mod.ts";
import type { ResolvedType } from "../resolve.ts";
import type { ItemBounds } from "../schema.ts";
import { type Program, quote } from "./program.ts";

type NumberType = Extract<ResolvedType, { kind: "number" | "integer" }>;
type BigintType = Extract<ResolvedType, { kind: "bigint" }>;
type TextType = Extract<ResolvedType, { kind: "string" }>;
type BytesType = Extract<ResolvedType, { kind: "bytes" }>;

/** A bound that a value breaks. */
function bound(program: Program, condition: string, expected: string, found: string, at: string): string {
  return program.refuseIf(condition, () => `failure(${at}, ${quote(`expected ${expected}, found `)} + ${found})`);
}

/**
 * Statements that refuse a number outside of its type's range. `value` holds a number; for an integer format they also
 * make sure that it is one, and turn -0 into 0.
 */
export function checkNumber(program: Program, type: NumberType, value: string, at: string): string {
  let code = "";
  let { minimum, maximum } = type;
  if (type.kind === "integer") {
    const [least, greatest] = INTEGER_RANGES[type.format];
    const truncated = type.format === "u32" ? `${value} >>> 0` : `${value} | 0`;
    const isRange32 = type.format === "u32" || type.format === "i32";
    const range = isRange32 ? "" : ` || ${value} < ${least} || ${value} > ${greatest}`;
    code += program.refuseIf(
      `(${truncated}) !== ${value}${range}`,
      () => `mismatch(${at}, ${quote(`${type.format}, an integer from ${least} to ${greatest}`)}, ${value})`,
    );
    code += `${value} = ${truncated};\n`;
  } else if (type.format === "f32") {
    // A bound is compared after rounding: a value that the sender accepted is rounded when it arrives.
    if (minimum !== undefined) minimum = Math.fround(minimum);
    if (maximum !== undefined) maximum = Math.fround(maximum);
    code += program.refuseIf(
      `Math.fround(${value}) - Math.fround(${value}) !== 0 && ${value} - ${value} === 0`,
      () => `mismatch(${at}, "f32, a number of single precision", ${value})`,
    );
    code += `${value} = Math.fround(${value});\n`;
  }
  // Written so that NaN is refused too.
  if (minimum !== undefined) {
    code += bound(program, `!(${value} >= ${minimum})`, `at least ${type.minimum}`, value, at);
  }
  if (maximum !== undefined) code += bound(program, `!(${value} <= ${maximum})`, `at most ${type.maximum}`, value, at);
  return code;
}

/** Statements that refuse a bigint outside of its type's range. */
export function checkBigint(program: Program, type: BigintType, value: string, at: string): string {
  const [least, greatest] = BIGINT_RANGES[type.format ?? "any"];
  const name = type.format ?? "a bigint of at most 64 bits";
  let code = program.refuseIf(
    `${value} < ${least}n || ${value} > ${greatest}n`,
    () => `mismatch(${at}, ${quote(`${name}, from ${least} to ${greatest}`)}, ${value})`,
  );
  if (type.minimum !== undefined) {
    code += bound(program, `${value} < ${BigInt(type.minimum)}n`, `at least ${BigInt(type.minimum)}`, value, at);
  }
  if (type.maximum !== undefined) {
    code += bound(program, `${value} > ${BigInt(type.maximum)}n`, `at most ${BigInt(type.maximum)}`, value, at);
  }
  return code;
}

/** Statements that refuse a string whose length or content its type does not allow. */
export function checkText(program: Program, type: TextType, value: string, at: string): string {
  const { pattern } = type;
  let code = checkLength(program, type.minLength, type.maxLength, "character", `${value}.length`, at);
  if (pattern !== undefined) {
    const compiled = compilePattern(pattern);
    const whole = program.constant(`pattern ${pattern}`, () => compiled);
    // The engine knows a regular expression that it calls directly, and is three times as fast.
    const direct = program.constant(`expression ${pattern}`, () => compiled.expression);
    const { nativeLengthMax } = compiled;
    const test = nativeLengthMax === Infinity
      ? `${direct}.test(${value})`
      : `(${value}.length <= ${nativeLengthMax} ? ${direct} : ${whole}).test(${value})`;
    code += program.refuseIf(`!${test}`, () => `patternFailure(${at}, ${whole}, ${value})`);
  }
  return code;
}

/** Statements that refuse binary data of a length that its type does not allow. */
export function checkBytes(program: Program, type: BytesType, value: string, at: string): string {
  return checkLength(program, type.minLength, type.maxLength, "byte", `${value}.length`, at);
}

/** Statements that refuse a number of elements that the type does not allow. */
export function checkItems(program: Program, type: ItemBounds, count: string, at: string): string {
  return checkLength(program, type.minItems, type.maxItems, "item", count, at);
}

function checkLength(
  program: Program,
  least: number | undefined,
  greatest: number | undefined,
  unit: string,
  found: string,
  at: string,
): string {
  let code = "";
  if (least !== undefined && least > 0) {
    code += bound(program, `${found} < ${least}`, `at least ${amount(least, unit)}`, found, at);
  }
  if (greatest !== undefined) {
    code += bound(program, `${found} > ${greatest}`, `at most ${amount(greatest, unit)}`, found, at);
  }
  return code;
}

function amount(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
