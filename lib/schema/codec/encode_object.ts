import type { Property, Type } from "../schema.ts";
import { storeText } from "./encode_scalars.ts";
import type { EncoderSource } from "./encoder.ts";
import { HEADER_BYTES_MAX } from "./header.ts";
import { combine, type Piece, sequence } from "./piece.ts";
import { type Program, propertyPath, quote } from "./program.ts";
import { mapHeaderBytes, type ObjectType, textBytes, wireOrder } from "./wire_form.ts";

/** The function that encodes an object. */
export function objectFunction(source: EncoderSource, name: string, written: Type, type: ObjectType): string {
  const { program } = source;
  const names = wireOrder(type, program.definitions);
  let before = source.refuse(
    `typeof v !== "object" || v === null`,
    () => program.expected(written),
    "v",
    "at",
  );
  const hasRequired = names.some((property) => !type.properties[property]!.optional);
  // Nothing else would tell these from an object without any of its properties.
  if (!hasRequired) before += source.refuse("isContainer(v)", () => program.expected(written), "v", "at");
  const values = names.map((property) => {
    const value = program.local();
    before += `let ${value} = ${propertyValue(property)};\n`;
    return value;
  });
  const optional = values.filter((_, index) => type.properties[names[index]!]!.optional);
  let header: Piece;
  if (type.index !== undefined) {
    before += `const keys = Object.keys(v);\nlet n = ${present(names.length, optional)};\n`;
    before += `for (const key of keys) if (v[key] !== undefined${isUndeclared(program, names)}) n++;\n`;
    header = { code: "p = writeMapHeader(b, p, n);\n", bytesMax: HEADER_BYTES_MAX };
  } else if (optional.length === 0) header = { fixed: mapHeaderBytes(names.length) };
  else if (names.length < 16) {
    header = { code: `b[p++] = 128 + ${present(names.length, optional)};\n`, bytesMax: 1 };
  } else {
    header = { code: `p = writeMapHeader(b, p, ${present(names.length, optional)});\n`, bytesMax: HEADER_BYTES_MAX };
  }
  const pieces = names.flatMap((property, index) =>
    propertyPieces(source, property, type.properties[property]!, values[index]!)
  );
  if (type.index !== undefined) pieces.push(indexEntries(source, names, type.index));
  return source.defineNested(name, before, [header, ...pieces]);
}

function propertyPieces(source: EncoderSource, name: string, property: Property, value: string): Piece[] {
  const { program } = source;
  const entry: Piece[] = [{ fixed: textBytes(name) }, source.write(property.type, value, propertyPath(name))];
  if (!property.optional) return entry;
  const combined = combine(program, entry);
  if (combined.fixed !== undefined) return [combined];
  const code = `if (${value} !== undefined) {\n${combined.code}}\n`;
  return [combined.bytesMax === undefined ? { code, bytesMax: undefined } : { code, bytesMax: combined.bytesMax }];
}

function indexEntries(source: EncoderSource, names: readonly string[], type: Type): Piece {
  const { program } = source;
  const at = "keyed(at, key)";
  const entry = sequence(program, [source.write(type, "x", at)]);
  return {
    code: `for (const key of keys) {
let x = v[key];
if (x !== undefined${isUndeclared(program, names)}) {
${program.refuseIf('key === "__proto__"', () => "forbiddenKey(at)")}${storeText(source, "key", at)}${entry}}\n}\n`,
    bytesMax: undefined,
  };
}

/** A condition, to be appended to others, that `key` is none of the declared names. */
function isUndeclared(program: Program, names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` && !${program.constant(`names ${JSON.stringify(names)}`, () => new Set(names))}.has(key)`;
}

/** How many of an object's entries are there: all but the optional ones that are undefined. */
function present(count: number, optional: readonly string[]): string {
  return [`${count - optional.length}`, ...optional.map((value) => `(${value} === undefined ? 0 : 1)`)].join(" + ");
}

/** What every object has without having it is not a value: reading `toString` of an object without one gives a function. */
export function propertyValue(name: string, object = "v"): string {
  const access = `${object}[${quote(name)}]`;
  if (!(name in Object.prototype)) return access;
  return `${access} === Object.prototype[${quote(name)}] ? undefined : ${access}`;
}
