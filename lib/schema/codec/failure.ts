import { CellError } from "../../base/mod.ts";
import type { Pattern } from "../pattern/mod.ts";

/** A string or a key in a message is cut after this many characters. */
const SHOWN_LENGTH_MAX = 40;
/** A path in a message keeps this many characters of its beginning and as many of its end. */
const SHOWN_PATH_LENGTH_MAX = 100;

/** An error about one place in a value. */
export function failure(at: string, problem: string): CellError {
  const path = at.length <= 2 * SHOWN_PATH_LENGTH_MAX
    ? at
    : `${at.slice(0, SHOWN_PATH_LENGTH_MAX)}...${at.slice(-SHOWN_PATH_LENGTH_MAX)}`;
  return new CellError("INVALID_ARGUMENT", `${path}: ${problem}`);
}

/** "expected number, found string "12"". */
export function mismatch(at: string, expected: string, found: unknown): CellError {
  if (found === undefined) return failure(at, `missing, expected ${expected}`);
  return failure(at, `expected ${expected}, found ${showValue(found)}`);
}

/** An error about the one key that no object may have. */
export function forbiddenKey(at: string): CellError {
  return failure(at, 'expected no key "__proto__", which would set a prototype');
}

/** An error about a key that comes twice. */
export function duplicateKey(at: string, key: unknown): CellError {
  return failure(at, `expected each key once, found ${typeof key === "string" ? showText(key) : showValue(key)} again`);
}

/** An error about a string that a pattern does not match, or that is too long to be tested. */
export function patternFailure(at: string, { source, lengthMax }: Pattern, text: string): CellError {
  if (text.length <= lengthMax) {
    return failure(at, `expected a string that matches /${source}/, found ${showText(text)}`);
  }
  return failure(at, `expected at most ${lengthMax} characters to match with /${source}/, found ${text.length}`);
}

/** A value in a few words: its type, and what it is where that is short. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `string ${showText(value)}`;
    case "number":
      return `number ${Object.is(value, -0) ? "-0" : value}`;
    case "bigint":
      return `bigint ${showText(String(value)).slice(1, -1)}`;
    case "boolean":
      return `boolean ${value}`;
    case "object":
      return showObject(value);
    default:
      return typeof value;
  }
}

function showObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : `Date ${value.toISOString()}`;
  if (value instanceof Map) return `Map of ${value.size}`;
  if (value instanceof Set) return `Set of ${value.size}`;
  if (value instanceof Uint8Array) return `Uint8Array of ${value.length} bytes`;
  return "object";
}

/** A string quoted and shortened. */
export function showText(text: string): string {
  return JSON.stringify(text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}...`);
}

/** The place of a map's entry. */
export function keyed(at: string, key: unknown): string {
  if (typeof key !== "string") return `${at}.get(${typeof key === "object" ? showObject(key) : String(key)})`;
  return /^[A-Za-z_$][A-Za-z0-9_$]{0,39}$/.test(key) ? `${at}.${key}` : `${at}[${showText(key)}]`;
}
