import { CanonicalWriter, type MethodShape } from "./canonical.ts";
import { type Definitions, type Method, type Schema, SCHEMA_FORMAT } from "./schema.ts";
import { checkSchema } from "./check.ts";
import { sha256 } from "./sha256.ts";

/** A schema before it is checked, sorted and fingerprinted. */
export interface SchemaDraft {
  name: string;
  doc?: string;
  methods: { [name: string]: Omit<Method, "gene"> };
  types: Definitions;
}

/** The canonical JSON of one method: what its gene is the hash of. */
export function canonicalMethod(method: MethodShape, definitions: Definitions): string {
  return new CanonicalWriter(definitions).method(method);
}

/** The first 8 bytes of the SHA-256 of a text in UTF-8, as 16 hex digits. */
export function fingerprint(text: string): string {
  return sha256(new TextEncoder().encode(text)).slice(0, 16);
}

/**
 * Checks a draft, sorts its methods and types by name and fills in its fingerprints. Throws INVALID_ARGUMENT saying
 * where the draft breaks a rule.
 */
export function finishSchema(draft: SchemaDraft): Schema {
  checkSchema(draft);
  const types = sortedByName(draft.types);
  const { species, genes } = fingerprints(draft.methods, types);
  const methods: Schema["methods"] = {};
  for (const [name, method] of Object.entries(sortedByName(draft.methods))) {
    const { doc, ...rest } = method;
    methods[name] = { ...(doc === undefined ? {} : { doc }), gene: genes.get(name)!, ...rest };
  }
  return {
    format: SCHEMA_FORMAT,
    name: draft.name,
    ...(draft.doc === undefined ? {} : { doc: draft.doc }),
    species,
    methods,
    types,
  };
}

/** The fingerprint of a service and those of its methods. */
export function fingerprints(
  methods: { [name: string]: MethodShape },
  definitions: Definitions,
): { species: string; genes: Map<string, string> } {
  const writer = new CanonicalWriter(definitions);
  const genes = new Map<string, string>();
  const texts: string[] = [];
  for (const name of Object.keys(methods).sort()) {
    const text = writer.method(methods[name]!);
    genes.set(name, fingerprint(text));
    texts.push(`${JSON.stringify(name)}:${text}`);
  }
  return { species: fingerprint(`{"format":${SCHEMA_FORMAT},"methods":{${texts.join(",")}}}`), genes };
}

function sortedByName<T>(table: { [name: string]: T }): { [name: string]: T } {
  return Object.fromEntries(Object.keys(table).sort().map((name) => [name, table[name]!]));
}
