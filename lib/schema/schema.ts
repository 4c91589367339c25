/** The version of the schema document that this code reads and writes. */
export const SCHEMA_FORMAT = 1;

/**
 * A service's schema: what its exported functions take and give, as a JSON document. `docs/schema.md` describes every
 * field; `parseSchema` is the only way in for a document from outside.
 */
export interface Schema {
  format: typeof SCHEMA_FORMAT;
  /** The service's name at the time the schema was made. Not part of the fingerprint. */
  name: string;
  doc?: string;
  /** 16 hex digits: the first 8 bytes of the SHA-256 of the canonical form. */
  species: string;
  /** By name. A method's index on the wire is its place in the sorted list of names. */
  methods: { [name: string]: Method };
  /** Types that have a name in the source, so that recursion has an end and people recognise them. */
  types: { [name: string]: Definition };
}

/** One exported function. */
export interface Method {
  doc?: string;
  /** 16 hex digits: the first 8 bytes of the SHA-256 of this method's canonical form. */
  gene: string;
  params: Param[];
  /** What the promise resolves to, or with `resultStream` what each item of the stream is. */
  result: Type;
  resultStream?: true;
  /** Set by `method({ idempotent: true }, ...)`; like `timeoutMs` not part of the gene. */
  idempotent?: true;
  timeoutMs?: number;
}

/** One parameter. Its name is documentation: arguments travel by position. */
export interface Param {
  name: string;
  doc?: string;
  /** The parameter's type; with `rest` or `stream` the type of one element. */
  type: Type;
  optional?: true;
  /** `...values: T[]`: only the last parameter. */
  rest?: true;
  /** `AsyncIterable<T>`: at most one per method. Its place in the argument array holds nil. */
  stream?: true;
}

/** A named type. */
export interface Definition {
  doc?: string;
  type: Type;
}

/** One property of an object. */
export interface Property {
  doc?: string;
  type: Type;
  /** May be absent; `undefined` counts as absent. */
  optional?: true;
}

/** One element of a tuple. */
export interface TupleElement {
  type: Type;
  /** Only followed by other optional elements or the rest. */
  optional?: true;
}

/** The number formats that `import type { ... } from "cell"` offers. */
export type IntegerFormat = "i8" | "u8" | "i16" | "u16" | "i32" | "u32";
/** The 64-bit formats are `bigint` in TypeScript. */
export type BigintFormat = "i64" | "u64";

/** Inclusive bounds, from `@minimum` and `@maximum`. */
export interface NumberBounds {
  minimum?: number;
  maximum?: number;
}

/** Inclusive bounds in elements, from `@minItems` and `@maxItems`. */
export interface ItemBounds {
  minItems?: number;
  maxItems?: number;
}

/** Inclusive bounds, from `@minLength` and `@maxLength`: UTF-16 code units for strings, bytes for bytes. */
export interface LengthBounds {
  minLength?: number;
  maxLength?: number;
}

/** A type that can cross the wire. */
export type Type =
  | { kind: "unknown" }
  | { kind: "null" }
  /** `undefined` and `void`; nil on the wire. */
  | { kind: "undefined" }
  | { kind: "boolean" }
  /** A JavaScript number. `f32` is rounded to single precision. */
  | ({ kind: "number"; format?: "f32" } & NumberBounds)
  | ({ kind: "integer"; format: IntegerFormat } & NumberBounds)
  /** Without a format anything from -2^63 to 2^64-1. Bounds are decimal strings. */
  | { kind: "bigint"; format?: BigintFormat; minimum?: string; maximum?: string }
  /** `pattern` is a JavaScript regular expression (flag `u`), not anchored. */
  | ({ kind: "string"; pattern?: string } & LengthBounds)
  | ({ kind: "bytes" } & LengthBounds)
  | { kind: "date" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "bigintLiteral"; value: string }
  | ({ kind: "array"; items: Type } & ItemBounds)
  | ({ kind: "set"; items: Type } & ItemBounds)
  | ({ kind: "map"; key: Type; value: Type } & ItemBounds)
  | { kind: "tuple"; items: TupleElement[]; rest?: Type }
  /** `index` is the value type of a string index signature; `Record<string, T>` has no properties and an index. */
  | { kind: "object"; properties: { [name: string]: Property }; index?: Type }
  /** At least two members, no unions among them, told apart by `unionPlan`. */
  | { kind: "union"; members: Type[] }
  /** A name in `Schema.types`. */
  | { kind: "ref"; name: string };

/** The definitions that `ref`s of a type point into. */
export type Definitions = Schema["types"];
