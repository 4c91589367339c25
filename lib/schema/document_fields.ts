import { CellError } from "../base/mod.ts";
import { DOC_LENGTH_MAX, LITERAL_LENGTH_MAX, NAME_LENGTH_MAX, PATTERN_LENGTH_MAX } from "./limits.ts";

/** An object of a document from outside. */
export type Fields = { readonly [name: string]: unknown };

/** An error about one place of a document. */
export function fail(path: string, expected: string, ...found: [] | [unknown]): CellError {
  const at = path === "" ? "" : `${path.replace(/^\./, "")}: `;
  const shown = found.length === 0 ? "" : `, found ${show(found[0])}`;
  return new CellError("INVALID_ARGUMENT", `invalid schema document: ${at}${expected}${shown}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : "an object";
}

/** The fields of an object. */
export function record(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fail(path, "expected an object", value);
  }
  return value as Fields;
}

/** The names of a table's entries. */
export function namesOf(value: unknown, path: string, countMax: number): string[] {
  const names = Object.keys(record(value, path));
  if (names.length > countMax) throw fail(path, `expected at most ${countMax} entries`, names.length);
  for (const name of names) {
    text(name, path, NAME_LENGTH_MAX);
    if (name === "__proto__") throw fail(path, "expected any name but this one", name);
  }
  return names;
}

/** An array, each element read by `read`. */
export function list<T>(
  value: unknown,
  path: string,
  lengthMax: number,
  read: (item: unknown, path: string) => T,
): T[] {
  if (!Array.isArray(value)) throw fail(path, "expected an array", value);
  if (value.length > lengthMax) throw fail(path, `expected at most ${lengthMax} elements`, value.length);
  return value.map((item, index) => read(item, `${path}[${index}]`));
}

/** A string. */
export function text(value: unknown, path: string, lengthMax: number): string {
  if (typeof value !== "string") throw fail(path, "expected a string", value);
  if (value.length > lengthMax) throw fail(path, `expected at most ${lengthMax} characters`, value.length);
  if (!value.isWellFormed()) throw fail(path, "expected Unicode without lone surrogates", value);
  return value;
}

/** A fingerprint. */
export function hash(value: unknown, path: string): string {
  if (typeof value !== "string" || !/^[0-9a-f]{16}$/.test(value)) throw fail(path, "expected 16 hex digits", value);
  return value;
}

/** A description, if there is one. */
export function doc(fields: Fields, path: string): { doc?: string } {
  return fields["doc"] === undefined ? {} : { doc: text(fields["doc"], `${path}.doc`, DOC_LENGTH_MAX) };
}

/** A flag that is true or left out. */
export function flag<K extends string>(fields: Fields, name: K, path: string): { [key in K]?: true } {
  const value = fields[name];
  if (value === undefined || value === false) return {};
  if (value !== true) throw fail(`${path}.${name}`, "expected true", value);
  return { [name]: true } as { [key in K]?: true };
}

/** A finite number, if there is one. */
export function number<K extends string>(fields: Fields, name: K, path: string): { [key in K]?: number } {
  const value = fields[name];
  if (value === undefined) return {};
  if (typeof value !== "number" || !Number.isFinite(value)) throw fail(`${path}.${name}`, "expected a number", value);
  return { [name]: value } as { [key in K]?: number };
}

/** A whole number, if there is one. */
export function count<K extends string>(fields: Fields, name: K, path: string): { [key in K]?: number } {
  const value = fields[name];
  if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 0)) {
    throw fail(`${path}.${name}`, "expected a whole number of at least 0", value);
  }
  return number(fields, name, path);
}

/** The bounds of a number. */
export function bounds(fields: Fields, path: string): { minimum?: number; maximum?: number } {
  return { ...number(fields, "minimum", path), ...number(fields, "maximum", path) };
}

/** The bounds of a length. */
export function lengths(fields: Fields, path: string): { minLength?: number; maxLength?: number } {
  return { ...count(fields, "minLength", path), ...count(fields, "maxLength", path) };
}

/** The bounds of a number of elements. */
export function itemBounds(fields: Fields, path: string): { minItems?: number; maxItems?: number } {
  return { ...count(fields, "minItems", path), ...count(fields, "maxItems", path) };
}

/** An integer in decimal digits, if there is one. */
export function decimal<K extends string>(fields: Fields, name: K, path: string): { [key in K]?: string } {
  const value = fields[name];
  if (value === undefined) return {};
  if (typeof value !== "string" || !/^(0|-?[1-9][0-9]{0,19})$/.test(value)) {
    throw fail(`${path}.${name}`, "expected an integer in decimal digits", value);
  }
  return { [name]: value } as { [key in K]?: string };
}

/** A regular expression, if there is one; whether it is one is checked later. */
export function pattern(fields: Fields, path: string): { pattern?: string } {
  if (fields["pattern"] === undefined) return {};
  return { pattern: text(fields["pattern"], `${path}.pattern`, PATTERN_LENGTH_MAX) };
}

/** One of some words, if there is one. */
export function oneOf<K extends string, const V extends string>(
  fields: Fields,
  name: K,
  values: readonly V[],
  path: string,
): { [key in K]?: V } {
  const value = fields[name];
  if (value === undefined) return {};
  if (!values.includes(value as V)) throw fail(`${path}.${name}`, `expected one of ${values.join(", ")}`, value);
  return { [name]: value } as { [key in K]?: V };
}

/** The value of a literal type. */
export function literal(value: unknown, path: string): string | number | boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") return text(value, path, LITERAL_LENGTH_MAX);
  throw fail(path, "expected a string, a number or a boolean", value);
}
