import type { Property, Type } from "../schema.ts";
import { chargeCode, countCode } from "./decode_collections.ts";
import { equals, textHeaderCode } from "./decode_scalars.ts";
import type { DecoderSource } from "./decoder.ts";
import { KeyTable } from "./keys.ts";
import { propertyPath, quote } from "./program.ts";
import { type ObjectType, textBytes, wireOrder } from "./wire_form.ts";

/** Objects of more properties than bits in a small integer keep several masks of what they have seen. */
const MASK_BITS = 30;

function readProperty(source: DecoderSource, property: Property, name: string, target: string): string {
  const at = propertyPath(name);
  return property.optional ? source.readOptional(property.type, target, at) : source.read(property.type, target, at);
}

/**
 * The function that decodes an object. Objects come with their keys in the order in which our own encoder writes them,
 * so each key is compared with the bytes that it should have, in straight code. As soon as one differs, what is left is
 * read in a loop that looks keys up.
 */
export function objectFunction(source: DecoderSource, name: string, written: Type, type: ObjectType): string {
  const { program } = source;
  const names = wireOrder(type, program.definitions);
  const values = names.map(() => program.local());
  const masks = masksFor(names);
  const expected = program.expected(written);
  const slow = program.functionFor({}, (slowName) => slowObjectFunction(source, slowName, type, names, values, masks));
  let ordered = "";
  names.forEach((property, index) => {
    const { optional } = type.properties[property]!;
    const key = textBytes(property);
    const read = `p += ${key.length};\n${readProperty(source, type.properties[property]!, property, values[index]!)}`;
    const [mask, bit] = seenBit(index);
    const seen = `${mask} |= ${bit};\n`;
    ordered += optional
      ? `if (i !== 0 && ${equals(program, key)}) {\n${read}i--;\n${seen}}\n`
      : `if (!(${equals(program, key)})) break ordered;\n${read}i--;\n${seen}`;
  });
  const required = requiredMasks(type, names, masks);
  const incomplete = [`i !== 0`, ...required.map(({ mask, bits }) => `(${mask} & ${bits}) !== ${bits}`)].join(" || ");
  return source.defineNested(
    name,
    `${countCode(source, "mapCount", 2, expected, "at")}let i = n;
${declare([...values, ...masks.map((mask) => `${mask} = 0`)])}ordered: {
${ordered}}
if (${incomplete}) {
s.position = p;
return ${slow}(${["s", "d", "i", ...masks, ...values].join(", ")}${program.path("at")});
}
${build(type, names, values)}`,
    "r",
  );
}

function slowObjectFunction(
  source: DecoderSource,
  name: string,
  type: ObjectType,
  names: readonly string[],
  values: readonly string[],
  masks: readonly string[],
): string {
  const { program } = source;
  const cases = names.map((property, index) =>
    `case ${index}:
${markSeen(source, property, index)}${
      readProperty(source, type.properties[property]!, property, values[index]!)
    }break;\n`
  );
  return `function ${name}(${["s", "d", "i", ...masks, ...values].join(", ")}${program.path("at")}) {
const B = s.bytes, E = s.end;
let p = s.position, c = 0, n = 0, g = 0;
while (i > 0) {
i--;
${readKey(source, names)}switch (n) {
${cases.join("")}default:
${skipUnknown(source)}}
}
${program.refuseIf("i < 0", () => `failure(at, "expected no more entries than the map claims")`)}${
    missingChecks(source, type, names, masks)
  }${build(type, names, values)}s.position = p;
return r;
}`;
}

/** Code that reads a key and leaves its index in `n`, -1 if it is not declared. `g` is the guess for the next one. */
function readKey(source: DecoderSource, names: readonly string[]): string {
  const { program } = source;
  const table = program.constant(`keys ${JSON.stringify(names)}`, () => new KeyTable(names));
  return `${textHeaderCode(source, `"a string as key"`, "at")}c = p;
p += n;
n = ${table}.find(B, c, n, g);
${program.refuseIf("n === FORBIDDEN_KEY", () => "forbiddenKey(at)")}if (n >= 0) g = n + 1;\n`;
}

function skipUnknown(source: DecoderSource): string {
  return `s.position = p;
${
    source.program.refuseIf("skip(s) < 0", () =>
      `failure(at, "expected a value in MessagePack, found other bytes")`)
  }p = s.position;\n`;
}

function requiredMasks(type: ObjectType, names: readonly string[], masks: readonly string[]) {
  return masks.map((mask, index) => {
    const own = names.slice(index * MASK_BITS, (index + 1) * MASK_BITS);
    const bits = own.reduce((sum, name, bit) => sum + (type.properties[name]!.optional ? 0 : 2 ** bit), 0);
    return { mask, bits };
  }).filter(({ bits }) => bits !== 0);
}

/** Code that notes that a property has come, and refuses it if it has come before. */
function markSeen(source: DecoderSource, property: string, index: number): string {
  const [mask, bit] = seenBit(index);
  const duplicate = source.program.refuseIf(`(${mask} & ${bit}) !== 0`, () => `duplicateKey(at, ${quote(property)})`);
  return `${duplicate}${mask} |= ${bit};\n`;
}

function seenBit(index: number): [mask: string, bit: number] {
  return [`m${Math.floor(index / MASK_BITS)}`, 2 ** (index % MASK_BITS)];
}

/** Code that refuses an object without all its required properties. */
function missingChecks(
  source: DecoderSource,
  type: ObjectType,
  names: readonly string[],
  masks: readonly string[],
): string {
  const { program } = source;
  if (!program.explains) {
    const incomplete = requiredMasks(type, names, masks).map(({ mask, bits }) => `(${mask} & ${bits}) !== ${bits}`);
    return incomplete.map((condition) => program.refuseIf(condition, () => "")).join("");
  }
  return names.map((name, index) => {
    const [mask, bit] = seenBit(index);
    const property = type.properties[name]!;
    if (property.optional) return "";
    const missing = (): string => `mismatch(${propertyPath(name)}, ${program.expected(property.type)}, undefined)`;
    return program.refuseIf(`(${mask} & ${bit}) === 0`, missing);
  }).join("");
}

/**
 * Code that makes the object `r`, its properties as declared, absent ones absent. One literal where all are there, so
 * that all such objects have one shape.
 */
function build(type: ObjectType, names: readonly string[], values: readonly string[]): string {
  const declared = Object.keys(type.properties).map((name) => ({
    name,
    value: values[names.indexOf(name)]!,
    optional: type.properties[name]!.optional === true,
  }));
  const literalOf = (entries: typeof declared): string =>
    `{ ${entries.map(({ name, value }) => `${quote(name)}: ${value}`).join(", ")} }`;
  const optional = declared.filter((entry) => entry.optional);
  if (optional.length === 0) return `const r = ${literalOf(declared)};\n`;
  const first = declared.findIndex((entry) => entry.optional);
  const rest = declared.slice(first).map(({ name, value, optional }) =>
    `${optional ? `if (${value} !== undefined) ` : ""}r[${quote(name)}] = ${value};\n`
  );
  return `let r;
if (${optional.map(({ value }) => `${value} !== undefined`).join(" && ")}) r = ${literalOf(declared)};
else {
r = ${literalOf(declared.slice(0, first))};
${rest.join("")}}
`;
}

/** The function that decodes an object with an index signature: every key may be one of its own. */
export function indexedObjectFunction(
  source: DecoderSource,
  name: string,
  written: Type,
  type: ObjectType,
  index: Type,
): string {
  const { program } = source;
  const names = wireOrder(type, program.definitions);
  const masks = masksFor(names);
  const cases = names.map((property, at) =>
    `case ${at}:
${markSeen(source, property, at)}x = undefined;
${readProperty(source, type.properties[property]!, property, "x")}if (x !== undefined) r[${quote(property)}] = x;
break;\n`
  );
  const key = `${textHeaderCode(source, `"a string as key"`, "at")}y = readKeyText(B, p, p += n);
${program.refuseIf("y === undefined", () => `failure(at, "expected UTF-8 in a key, found other bytes")`)}`;
  const entry = `${program.refuseIf(`y === "__proto__"`, () => "forbiddenKey(at)")}${
    program.refuseIf("Object.hasOwn(r, y)", () => "duplicateKey(at, y)")
  }${source.read(index, "x", "keyed(at, y)")}r[y] = x;\n`;
  // By the string that was made: bytes that are looked at twice may be another key the second time.
  const indexes = program.constant(
    `name indexes ${JSON.stringify(names)}`,
    () => new Map(names.map((property, at) => [property, at])),
  );
  const lookedUp = `switch (${indexes}.get(y)) {\n${cases.join("")}default:\n${entry}}\n`;
  return source.defineNested(
    name,
    `${countCode(source, "mapCount", 2, program.expected(written), "at")}${chargeCode(source, "at")}const r = {};
${declare(masks.map((mask) => `${mask} = 0`))}for (let i = n, x, y; i > 0; i--) {
${key}${names.length === 0 ? entry : lookedUp}}
${missingChecks(source, type, names, masks)}`,
    "r",
  );
}

function declare(names: readonly string[]): string {
  return names.length === 0 ? "" : `let ${names.join(", ")};\n`;
}

function masksFor(names: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(names.length / MASK_BITS) }, (_, index) => `m${index}`);
}
