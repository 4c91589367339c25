import { CellError, Writer } from "../base/mod.ts";
import { canonicalMethod } from "./fingerprint.ts";
import { type Codec, compileCodec, compileMethod } from "./codec/mod.ts";
import type { Method, Schema, Type } from "./schema.ts";
import { toTaggedJson } from "./tagged_json.ts";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  definitions,
  integer,
  literal,
  map,
  method,
  nothing,
  number,
  numberIn,
  object,
  optional,
  record,
  ref,
  schema,
  set,
  string,
  stringOf,
  tuple,
  undefinedType,
  union,
  unknown,
} from "./type_builders.ts";

type Types = { [name: string]: Type };

const SHAPE = union(
  object({ kind: literal("circle"), r: number }),
  object({ kind: literal("square"), a: number }),
);
const LIST: Types = { List: object({ value: integer("i32"), "next?": ref("List") }) };

/** A type, a value of it, the bytes that it is written as, and further bytes that mean the same. */
interface CodecCase {
  name: string;
  type: Type;
  types?: Types;
  value: unknown;
  alsoReads?: string[];
}

function numbers(type: Type, values: number[]): CodecCase[] {
  const called = type.kind === "integer" || type.kind === "number" ? type.format ?? type.kind : type.kind;
  return values.map((value) => ({ name: `${called} ${Object.is(value, -0) ? "-0" : value}`, type, value }));
}

const CODEC_CASES: CodecCase[] = [
  { name: "null", type: nothing, value: null },
  { name: "undefined", type: undefinedType, value: undefined },
  { name: "true", type: boolean, value: true },
  { name: "false", type: boolean, value: false },
  ...numbers(number, [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1.5, -0, Infinity, NaN]),
  ...numbers(number, [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_VALUE]),
  {
    name: "a number in every form",
    type: number,
    value: 5,
    alsoReads: [
      "cc05",
      "cd0005",
      "ce00000005",
      "cf0000000000000005",
      "d005",
      "d10005",
      "d200000005",
      "d30000000000000005",
      "ca40a00000",
      "cb4014000000000000",
    ],
  },
  {
    name: "an integer in every form",
    type: integer("u8"),
    value: 5,
    alsoReads: ["cc05", "cf0000000000000005", "d005", "cb4014000000000000"],
  },
  ...numbers(integer("i8"), [-128, 127]),
  ...numbers(integer("u32"), [4_294_967_295]),
  ...numbers({ kind: "number", format: "f32" }, [1.5, 0, -0, Math.fround(0.1)]),
  {
    name: "f32 from a double is rounded",
    type: { kind: "number", format: "f32" },
    value: Math.fround(0.1),
    alsoReads: ["cb3fb999999999999a"],
  },
  { name: "bigint", type: bigint, value: 5n, alsoReads: ["05", "cc05", "cf0000000000000005"] },
  { name: "bigint, negative", type: bigint, value: -1n, alsoReads: ["ff", "d0ff"] },
  { name: "bigint, greatest", type: bigint, value: 2n ** 64n - 1n },
  { name: "i64", type: { kind: "bigint", format: "i64" }, value: -(2n ** 63n) },
  { name: "i64, not negative", type: { kind: "bigint", format: "i64" }, value: 7n },
  { name: "u64", type: { kind: "bigint", format: "u64" }, value: 7n },
  { name: "empty string", type: string, value: "" },
  { name: "string of 31 bytes", type: string, value: "x".repeat(31), alsoReads: [`d91f${"78".repeat(31)}`] },
  { name: "string of 32 bytes", type: string, value: "x".repeat(32) },
  { name: "string of 256 bytes", type: string, value: "x".repeat(256) },
  { name: "string of several scripts", type: string, value: "Łucja 山田 🦑\u0000" },
  { name: "string with byte order mark", type: string, value: "\ufeffa" },
  { name: "bytes", type: bytes, value: Uint8Array.of(0, 255, 128), alsoReads: ["c5000300ff80", "c60000000300ff80"] },
  { name: "no bytes", type: bytes, value: new Uint8Array(0) },
  {
    name: "date of whole seconds",
    type: date,
    value: new Date(1_700_000_000_000),
    alsoReads: ["d7ff000000006553f100"],
  },
  {
    name: "date with milliseconds",
    type: date,
    value: new Date(1_700_000_000_123),
    alsoReads: ["d7ff1d5c7e006553f100"],
  },
  { name: "date before 1970", type: date, value: new Date(-1) },
  { name: "date after 2106", type: date, value: new Date(2 ** 32 * 1000) },
  { name: "date after 2514", type: date, value: new Date(2 ** 34 * 1000) },
  { name: "literal", type: literal("auto"), value: "auto", alsoReads: ["d9046175746f"] },
  { name: "bigint literal", type: { kind: "bigintLiteral", value: "9" }, value: 9n, alsoReads: ["09"] },
  { name: "array", type: array(string), value: ["a", "b"], alsoReads: ["dc0002a161a162", "dd00000002a161a162"] },
  { name: "array of 16", type: array(integer("u8")), value: Array.from({ length: 16 }, (_, index) => index) },
  { name: "set", type: set(number), value: new Set([3, 1]), alsoReads: ["93030103"] },
  { name: "map", type: map(integer("i32"), string), value: new Map([[1, "a"], [-1, "b"]]) },
  { name: "dictionary", type: record(number), value: { a: 1, "b c": 2 } },
  { name: "tuple", type: tuple([string, optional(number)], boolean), value: ["a", 1, true] },
  { name: "tuple without its optional element", type: tuple([string, optional(number)]), value: ["a"] },
  {
    name: "object: declared order, unknown keys are skipped",
    type: object({ b: number, a: string }),
    value: { b: 1, a: "x" },
    alsoReads: ["82a161a178a16201", "83a16201a1639201c0a161a178", "de0002a16201a161a178"],
  },
  {
    name: "object without its optional property",
    type: object({ a: string, "b?": number }),
    value: { a: "x" },
    alsoReads: ["82a161a178a162c0"],
  },
  { name: "object with null", type: object({ "a?": union(string, nothing) }), value: { a: null } },
  { name: "object with properties and others", type: object({ a: string }, unknown), value: { a: "x", more: [1] } },
  { name: "recursive", type: ref("List"), types: LIST, value: { value: 1, next: { value: 2 } } },
  { name: "nullable", type: union(string, nothing), value: null },
  { name: "undefined in a union", type: union(string, undefinedType), value: undefined },
  { name: "union of categories: number", type: union(number, string, bytes, date), value: 3 },
  { name: "union of categories: date", type: union(number, string, bytes, date), value: new Date(0) },
  { name: "union of literals", type: union(literal("a"), literal(2), literal(true)), value: 2 },
  {
    name: "union of objects: a property of one literal comes first",
    type: union(object({ r: number, kind: literal("circle") }), object({ kind: literal("dot") })),
    value: { kind: "circle", r: 2 },
    alsoReads: ["82a17202a46b696e64a6636972636c65"],
  },
  { name: "union of objects: the other member", type: SHAPE, value: { kind: "square", a: 2 } },
  { name: "unknown", type: unknown, value: { list: [null, true, -1, "x"], at: new Date(0), raw: Uint8Array.of(1) } },
  { name: "unknown: an integer beyond 2^53", type: unknown, value: 2n ** 60n },
  { name: "unknown: a map with other keys", type: unknown, value: new Map<unknown, unknown>([[1, "a"], ["b", 2]]) },
];

/** Arguments: positions, optional ones, rest, streams. */
const METHOD_CASES: { name: string; method: Omit<Method, "gene">; args: unknown[]; alsoReads?: string[] }[] = [
  { name: "no arguments", method: method([]), args: [] },
  { name: "one argument", method: method([object({ name: string })]), args: [{ name: "World" }] },
  {
    name: "an optional argument at the end is left out",
    method: method([string, { type: number, optional: true }]),
    args: ["a"],
    alsoReads: ["92a161c0"],
  },
  {
    name: "an optional argument before others is nil",
    method: method([{ type: string, optional: true }, { type: number, optional: true }]),
    args: [undefined, 1],
  },
  {
    name: "rest arguments stand at the end",
    method: method([string, { type: number, rest: true }]),
    args: ["a", 1, 2],
  },
  {
    name: "the place of a stream holds nil",
    method: method([{ type: string, stream: true }, number]),
    args: [undefined, 1],
  },
];

/** Bytes that must be refused. */
const HOSTILE_CASES: { name: string; type: Type; types?: Types; bytes: string }[] = [
  { name: "nothing", type: number, bytes: "" },
  { name: "trailing bytes", type: number, bytes: "0101" },
  { name: "a value of another type", type: number, bytes: "a161" },
  { name: "0xc1", type: unknown, bytes: "c1" },
  { name: "a double that ends early", type: number, bytes: "cb4014" },
  { name: "an integer that a double does not hold", type: number, bytes: "cf0020000000000001" },
  { name: "a fraction for an integer", type: integer("i32"), bytes: "cb3ff8000000000000" },
  { name: "an integer out of range", type: integer("u8"), bytes: "cd0100" },
  { name: "a number below its minimum", type: numberIn({ minimum: 0 }), bytes: "ff" },
  { name: "NaN within bounds", type: numberIn({ minimum: 0 }), bytes: "cb7ff8000000000000" },
  { name: "a negative u64", type: { kind: "bigint", format: "u64" }, bytes: "ff" },
  { name: "a double for a bigint", type: bigint, bytes: "cb4014000000000000" },
  { name: "a string that ends early", type: string, bytes: "a36161" },
  { name: "a string that claims 4 GiB", type: string, bytes: "dbffffffff61" },
  { name: "a string that is not UTF-8", type: string, bytes: "a2c328" },
  { name: "a string with overlong UTF-8", type: string, bytes: "a2c080" },
  { name: "a string with an encoded surrogate", type: string, bytes: "a3eda080" },
  { name: "a string that is too long", type: stringOf({ maxLength: 1 }), bytes: "a26161" },
  { name: "a string that does not match", type: stringOf({ pattern: "^[a-z]$" }), bytes: "a131" },
  { name: "bytes that claim 4 GiB", type: bytes, bytes: "c6ffffffff" },
  { name: "a string for bytes", type: bytes, bytes: "a161" },
  { name: "an array that claims 4 billion elements", type: array(nothing), bytes: "ddffffffffc0" },
  { name: "an array that is too short", type: array(nothing, { minItems: 2 }), bytes: "91c0" },
  { name: "a map that claims 4 billion entries", type: record(nothing), bytes: "dfffffffffa161c0" },
  { name: "a key twice in an object", type: object({ a: number }), bytes: "82a16101a16102" },
  { name: "a key twice in a dictionary", type: record(number), bytes: "82a16101a16102" },
  { name: "a key twice in a map", type: map(integer("u8"), number), bytes: "8201010102" },
  { name: "the key __proto__ in an object", type: object({ "a?": number }), bytes: "81a95f5f70726f746f5f5f80" },
  { name: "the key __proto__ in a dictionary", type: record(unknown), bytes: "81a95f5f70726f746f5f5f80" },
  { name: "the key __proto__ in unknown", type: unknown, bytes: "81a95f5f70726f746f5f5f80" },
  { name: "a key that is no string", type: object({ a: number }), bytes: "810101" },
  { name: "a missing property", type: object({ a: number }), bytes: "80" },
  { name: "nil for a required property", type: object({ a: number }), bytes: "81a161c0" },
  { name: "too few elements", type: tuple([string, number]), bytes: "91a161" },
  { name: "too many elements", type: tuple([string]), bytes: "92a161a161" },
  { name: "an unknown literal", type: union(literal("a"), literal("b")), bytes: "a163" },
  { name: "no discriminating property", type: SHAPE, bytes: "81a17201" },
  { name: "an unknown discriminating property", type: SHAPE, bytes: "81a46b696e64a46c696e65" },
  { name: "a timestamp with too many nanoseconds", type: date, bytes: "d7ffee6b280000000000" },
  { name: "a time that no Date holds", type: date, bytes: "c70cff000000007fffffffffffffff" },
  { name: "an extension of another type", type: date, bytes: "d6fe00000000" },
  { name: "an extension for unknown", type: unknown, bytes: "d40100" },
  { name: "129 levels", type: unknown, bytes: `${"91".repeat(129)}c0` },
  {
    name: "129 levels of a recursive type",
    type: ref("Nest"),
    types: { Nest: array(ref("Nest")) },
    bytes: `${"91".repeat(128)}90`,
  },
];

function hexOf(codec: Codec, value: unknown): string {
  const writer = new Writer();
  codec.encode(value, writer);
  return writer.written().toHex();
}

function withTypes(types: Types | undefined): { types?: object } {
  return types === undefined ? {} : { types: definitions(types) };
}

function document(content: object): string {
  return `${JSON.stringify(content, undefined, 1)}\n`;
}

/** The text of `docs/vectors/values.json`: types, values of them and their bytes. */
export function valueVectors(): string {
  const values = CODEC_CASES.map(({ name, type, types, value, alsoReads = [] }) => {
    const codec = compileCodec(type, definitions(types ?? {}), "value");
    const also = alsoReads.length === 0 ? {} : { alsoReads };
    return { name, type, ...withTypes(types), value: toTaggedJson(value), bytes: hexOf(codec, value), ...also };
  });
  const args = METHOD_CASES.map(({ name, method: one, args, alsoReads = [] }) => {
    const codec = compileMethod(schema({ f: one }), "f").args as Codec;
    const also = alsoReads.length === 0 ? {} : { alsoReads };
    return { name, params: one.params, args: toTaggedJson(args), bytes: hexOf(codec, args), ...also };
  });
  return document({ values, arguments: args });
}

/** The text of `docs/vectors/refused.json`: bytes that are no value of a type. `error` is what this implementation says. */
export function refusedVectors(): string {
  const refused = HOSTILE_CASES.map(({ name, type, types, bytes: hex }) => {
    const codec = compileCodec(type, definitions(types ?? {}), "value");
    const frame = Uint8Array.fromHex(hex);
    let error: unknown;
    try {
      codec.decode(frame, 0, frame.length);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof CellError)) throw new CellError("INTERNAL", `the vector "${name}" is not refused`);
    return { name, type, ...withTypes(types), bytes: hex, error: error.message };
  });
  return document({ refused });
}

const SERVICES: Schema[] = [
  schema({ greet: method([object({ name: string })], object({ greeting: string })) }),
  schema({ add: method([number, { type: number, rest: true }], number), nothing: method([]) }),
  schema({
    walk: method([ref("Tree")], union(string, nothing), { resultStream: true }),
    grow: method([{ type: SHAPE, stream: true }, { type: integer("u8", { minimum: 1 }), optional: true }], ref("Tree")),
  }, { Tree: object({ children: array(ref("Tree")), "label?": stringOf({ maxLength: 9, pattern: "^\\w+$" }) }) }),
  schema({ odd: method([ref("Odd")]), even: method([ref("Even")]) }, {
    Odd: object({ "next?": ref("Even") }),
    Even: object({ "next?": ref("Odd") }),
  }),
  schema({
    all: method([
      tuple([bytes, optional(date)], bigint),
      map(union(literal("a"), literal("b")), set(boolean)),
      record(unknown),
      object({ größe: { kind: "number", format: "f32" }, "b": { kind: "bigintLiteral", value: "-1" } }, number),
    ], union(literal(true), literal(false), nothing, undefinedType)),
  }),
];

/** The text of `docs/vectors/schemas.json`: schema documents with their canonical forms. */
export function schemaVectors(): string {
  const schemas = SERVICES.map((service) => ({
    schema: service,
    canonical: Object.fromEntries(
      Object.entries(service.methods).map(([name, one]) => [name, canonicalMethod(one, service.types)]),
    ),
  }));
  return document({ schemas });
}

/** All vectors of this room by the name of their file in `docs/vectors`. */
export function goldenVectors(): { [file: string]: string } {
  return { "values.json": valueVectors(), "refused.json": refusedVectors(), "schemas.json": schemaVectors() };
}
