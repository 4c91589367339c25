/**
 * What a service's functions take and give, as data: the schema document, its fingerprints, and what follows from it.
 *
 * A TypeScript file is the only place where a signature is written down; `typescript/` reads it into a `Schema`, a JSON
 * document that this room checks, compares, prints and compiles. Everything else in the project sees only documents.
 *
 * **One document, two forms.** The document keeps what people want to see: names, descriptions, the order of
 * properties. The canonical form (`canonical.ts`) keeps what crosses the wire and nothing else; the hash of it is the
 * gene of a method and the species of a service. Inlining every name into one tree was turned down as canonical form:
 * a syntax tree's types, which all refer to each other, have factorially many paths. Types are a graph instead, and the
 * canonical form is that graph minimised as one minimises an automaton (Moore 1956), its classes numbered by the order
 * of their text. So two types have the same form exactly if no value tells them apart, recursive ones included.
 *
 * **Unions are decided when the schema is made.** Plain MessagePack has no place for a tag, so a union is accepted only
 * if a receiver in any language can tell its members apart (`union.ts`): by the category of the first byte, by literals,
 * or by a discriminating property. Trying one member after the other was turned down: it costs time that the sender
 * decides about, and the error that it ends with names no member.
 *
 * **Documents come from outside.** A client reads the schema of a server that it does not trust, and compiles code from
 * it. `parseSchema` is the only way in: every length and depth has a bound in `limits.ts`, unknown fields are left out,
 * and the fingerprints are computed again.
 *
 * Rooms inside: `typescript/` reads files into schemas, `codec/` compiles them, `compatibility/` compares two of them,
 * `print/` writes them as TypeScript, `pattern/` keeps their regular expressions from hanging a process.
 */
export { type Change, compareMethods, compareSchemas, type MethodWithTypes } from "./compatibility/mod.ts";
export { type Codec, compileCodec, compileMethod, type MethodCodec, unknownCodec } from "./codec/mod.ts";
export { canonicalMethod, finishSchema, type SchemaDraft } from "./fingerprint.ts";
export { parseMethod, parseSchema } from "./parse.ts";
export { declareModule, describeMethod, describeSchema } from "./print/mod.ts";
export { randomValue } from "./random_value.ts";
export { resolve, type ResolvedType } from "./resolve.ts";
export {
  type BigintFormat,
  type Definition,
  type Definitions,
  type IntegerFormat,
  type ItemBounds,
  type LengthBounds,
  type Method,
  type NumberBounds,
  type Param,
  type Property,
  type Schema,
  SCHEMA_FORMAT,
  type TupleElement,
  type Type,
} from "./schema.ts";
export { typeText } from "./type_text.ts";
export { type UnionPlan, unionPlan } from "./union.ts";
