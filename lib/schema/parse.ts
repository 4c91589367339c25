import { checkSchema } from "./check.ts";
import { fingerprints } from "./fingerprint.ts";
import {
  bounds,
  decimal,
  doc,
  fail,
  type Fields,
  flag,
  hash,
  itemBounds,
  lengths,
  list,
  literal,
  namesOf,
  number,
  oneOf,
  pattern,
  record,
  text,
} from "./document_fields.ts";
import {
  DEFINITIONS_MAX,
  METHODS_MAX,
  NAME_LENGTH_MAX,
  PARAMS_MAX,
  PROPERTIES_MAX,
  SERVICE_NAME,
  TYPE_DEPTH_MAX,
  TYPE_NODES_MAX,
  UNION_MEMBERS_MAX,
} from "./limits.ts";
import {
  type Definition,
  type Definitions,
  type IntegerFormat,
  type Method,
  type Param,
  type Property,
  type Schema,
  SCHEMA_FORMAT,
  type TupleElement,
  type Type,
} from "./schema.ts";

/**
 * A schema document from outside, checked in full: shape, bounds, names, unions, fingerprints. Fields that this version
 * does not know are left out; were they part of a type, the fingerprints would not match. Throws INVALID_ARGUMENT
 * saying where the document is wrong.
 */
export function parseSchema(document: unknown): Schema {
  const reader = new DocumentReader();
  const schema = reader.schema(document);
  checkSchema(schema);
  const expected = fingerprints(schema.methods, schema.types);
  for (const [name, method] of Object.entries(schema.methods)) {
    const gene = expected.genes.get(name)!;
    if (method.gene !== gene) {
      throw fail(`methods.${name}.gene`, `expected "${gene}", the fingerprint of its types`, method.gene);
    }
  }
  if (schema.species !== expected.species) {
    throw fail("species", `expected "${expected.species}", the fingerprint of the methods`, schema.species);
  }
  return schema;
}

/**
 * One method with the types that it refers to, from outside: what a caller was compiled against. Checked like a whole
 * document, apart from the gene, which is computed.
 */
export function parseMethod(document: unknown): { name: string; method: Method; types: Definitions } {
  const reader = new DocumentReader();
  const fields = record(document, "");
  const name = text(fields["name"], "name", NAME_LENGTH_MAX);
  const types = reader.definitions(fields["types"], "types");
  const method = reader.method({ ...record(fields["method"], "method"), gene: "0".repeat(16) }, "method");
  checkSchema({ methods: { [name]: method }, types });
  const gene = fingerprints({ [name]: method }, types).genes.get(name)!;
  return { name, method: { ...method, gene }, types };
}

/** Reads the shape of a document and counts what it has read, so that no document costs more than its bounds allow. */
class DocumentReader {
  private nodes = 0;

  schema(value: unknown): Schema {
    const fields = record(value, "");
    if (fields["format"] !== SCHEMA_FORMAT) throw fail("format", `expected ${SCHEMA_FORMAT}`, fields["format"]);
    const name = text(fields["name"], "name", NAME_LENGTH_MAX);
    if (!SERVICE_NAME.test(name)) {
      throw fail("name", "expected lower-case letters, digits and hyphens, a letter first, at most 63", name);
    }
    const species = hash(fields["species"], "species");
    const methods: Schema["methods"] = {};
    for (const name of namesOf(fields["methods"], "methods", METHODS_MAX).sort()) {
      methods[name] = this.method((fields["methods"] as Fields)[name], `methods.${name}`);
    }
    const types = this.definitions(fields["types"], "types");
    return { format: SCHEMA_FORMAT, name, ...doc(fields, ""), species, methods, types };
  }

  definitions(value: unknown, path: string): Definitions {
    const types: { [name: string]: Definition } = {};
    for (const name of namesOf(value, path, DEFINITIONS_MAX).sort()) {
      const at = `${path}.${name}`;
      const fields = record((value as Fields)[name], at);
      types[name] = { ...doc(fields, at), type: this.type(fields["type"], `${at}.type`, 0) };
    }
    return types;
  }

  method(value: unknown, path: string): Method {
    const fields = record(value, path);
    return {
      ...doc(fields, path),
      gene: hash(fields["gene"], `${path}.gene`),
      params: list(fields["params"], `${path}.params`, PARAMS_MAX, (param, at) => this.param(param, at)),
      result: this.type(fields["result"], `${path}.result`, 0),
      ...flag(fields, "resultStream", path),
      ...flag(fields, "idempotent", path),
      ...number(fields, "timeoutMs", path),
    };
  }

  private param(value: unknown, path: string): Param {
    const fields = record(value, path);
    return {
      name: text(fields["name"], `${path}.name`, NAME_LENGTH_MAX),
      ...doc(fields, path),
      type: this.type(fields["type"], `${path}.type`, 0),
      ...flag(fields, "optional", path),
      ...flag(fields, "rest", path),
      ...flag(fields, "stream", path),
    };
  }

  private type(value: unknown, path: string, depth: number): Type {
    if (depth > TYPE_DEPTH_MAX) throw fail(path, `expected at most ${TYPE_DEPTH_MAX} types inside one another`);
    if (++this.nodes > TYPE_NODES_MAX) throw fail(path, `expected at most ${TYPE_NODES_MAX} types in one document`);
    const fields = record(value, path);
    const inner = (name: string): Type => this.type(fields[name], `${path}.${name}`, depth + 1);
    switch (fields["kind"]) {
      case "unknown":
      case "null":
      case "undefined":
      case "boolean":
      case "date":
        return { kind: fields["kind"] };
      case "number":
        return { kind: "number", ...oneOf(fields, "format", ["f32"], path), ...bounds(fields, path) };
      case "integer": {
        const { format } = oneOf(fields, "format", INTEGER_FORMATS, path);
        if (format === undefined) throw fail(`${path}.format`, `expected one of ${INTEGER_FORMATS.join(", ")}`);
        return { kind: "integer", format, ...bounds(fields, path) };
      }
      case "bigint":
        return {
          kind: "bigint",
          ...oneOf(fields, "format", ["i64", "u64"], path),
          ...decimal(fields, "minimum", path),
          ...decimal(fields, "maximum", path),
        };
      case "string":
        return { kind: "string", ...pattern(fields, path), ...lengths(fields, path) };
      case "bytes":
        return { kind: "bytes", ...lengths(fields, path) };
      case "literal":
        return { kind: "literal", value: literal(fields["value"], `${path}.value`) };
      case "bigintLiteral": {
        const { value } = decimal(fields, "value", path);
        if (value === undefined) throw fail(`${path}.value`, "expected an integer in decimal digits", fields["value"]);
        return { kind: "bigintLiteral", value };
      }
      case "array":
      case "set":
        return { kind: fields["kind"], items: inner("items"), ...itemBounds(fields, path) };
      case "map":
        return { kind: "map", key: inner("key"), value: inner("value"), ...itemBounds(fields, path) };
      case "tuple":
        return {
          kind: "tuple",
          items: list(fields["items"], `${path}.items`, PROPERTIES_MAX, (item, at) => this.element(item, at, depth)),
          ...(fields["rest"] === undefined ? {} : { rest: inner("rest") }),
        };
      case "object": {
        const properties: { [name: string]: Property } = {};
        for (const name of namesOf(fields["properties"], `${path}.properties`, PROPERTIES_MAX)) {
          const at = `${path}.properties.${name}`;
          const property = (fields["properties"] as Fields)[name];
          properties[name] = { ...doc(record(property, at), at), ...this.element(property, at, depth) };
        }
        return { kind: "object", properties, ...(fields["index"] === undefined ? {} : { index: inner("index") }) };
      }
      case "union": {
        const members = list(
          fields["members"],
          `${path}.members`,
          UNION_MEMBERS_MAX,
          (member, at) => this.type(member, at, depth + 1),
        );
        if (members.length < 2) throw fail(`${path}.members`, "expected at least two members", members.length);
        return { kind: "union", members };
      }
      case "ref":
        return { kind: "ref", name: text(fields["name"], `${path}.name`, NAME_LENGTH_MAX) };
      default:
        throw fail(`${path}.kind`, "expected a kind of type", fields["kind"]);
    }
  }

  private element(value: unknown, path: string, depth: number): TupleElement {
    const fields = record(value, path);
    return { type: this.type(fields["type"], `${path}.type`, depth + 1), ...flag(fields, "optional", path) };
  }
}

const INTEGER_FORMATS: readonly IntegerFormat[] = ["i8", "u8", "i16", "u16", "i32", "u32"];
