import { basename, dirname } from "node:path";
import { CellError } from "../base/mod.ts";
import type { Schema } from "../schema/mod.ts";
import type { ReadResult } from "../schema/typescript/mod.ts";
import { assertUserServiceName, findPinnedSchema, nothingCallable, readSource } from "../service/mod.ts";
import { bundle } from "./bundle.ts";
import { PACKAGE_FORMAT, SCHEMA_FILE } from "./manifest.ts";
import type { StoredPackage } from "./package_draft.ts";
import { pathWarnings } from "./path_warnings.ts";
import type { ServiceConfig } from "./service_config.ts";
import { sourceEntry } from "./source_entry.ts";
import { writePackage } from "./write_package.ts";

/** How a package is built. */
export interface BuildOptions {
  /** @default what cell.toml says, else the name of the file or the folder */
  name?: string;
  /** See `RunOptions.schemaCommand`. */
  schemaCommand?: readonly string[];
}

/** A package that is stored now. */
export interface BuiltPackage extends StoredPackage {
  readonly service: string;
  readonly species: string;
  readonly schema: Schema;
  /** What the cell.toml beside the source says. */
  readonly config: ServiceConfig;
  /** What works where the source lies and will not where the package runs, one line each, with the place. */
  readonly warnings: readonly string[];
}

/** A file whose types change between two looks is being edited; it is not looked at more often than this. */
const ATTEMPTS_MAX = 3;

/**
 * Makes a package of a file, or of a folder with an obvious entry, and stores it under the hash of its content. Throws
 * INVALID_ARGUMENT with the problems of the source and their places, and RESOURCE_EXHAUSTED when the disk is full; then
 * nothing was stored.
 */
export async function buildPackage(fileOrFolder: string, options: BuildOptions = {}): Promise<BuiltPackage> {
  const { file, name, config } = sourceEntry(fileOrFolder, options.name);
  assertUserServiceName(name);
  const { source, code } = await consistentSource(file, name, options.schemaCommand);
  const { schema, origins, defaultClass, remoteImports } = source;
  const files = new Map(code.files);
  files.set(SCHEMA_FILE, new TextEncoder().encode(`${JSON.stringify(schema)}\n`));
  const stored = writePackage({
    format: PACKAGE_FORMAT,
    service: name,
    entry: basename(file),
    species: schema.species,
    defaultClass,
    origins,
    remoteImports,
    imports: recordedSchemas(dirname(file), [...code.services, ...Object.keys(remoteImports)]),
    ...(config.allow === undefined ? {} : { allow: config.allow }),
  }, files);
  return { ...stored, service: name, species: schema.species, schema, config, warnings: pathWarnings(code.inputs) };
}

/** Schema and code of the same state of the source, also when it is being edited. */
async function consistentSource(file: string, name: string, schemaCommand: readonly string[] | undefined) {
  let source = await readSource(file, name, schemaCommand);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (Object.keys(source.schema.methods).length === 0) throw nothingCallable(file);
    const code = await bundle(file);
    // Unless something has changed this is answered from the cache.
    const later = await readSource(file, name, schemaCommand);
    if (isSame(source, later)) return { source, code };
    source = later;
  }
  throw new CellError("ABORTED", `building ${file}: it changed while it was being built. Try again.`);
}

function isSame(a: ReadResult, b: ReadResult): boolean {
  return JSON.stringify([a.schema, a.origins, a.defaultClass, a.remoteImports]) ===
    JSON.stringify([b.schema, b.origins, b.defaultClass, b.remoteImports]);
}

/** The schemas that the project has recorded of the services that the code calls. */
function recordedSchemas(folder: string, services: readonly string[]): { [service: string]: Schema } {
  const recorded: { [service: string]: Schema } = {};
  for (const service of services) {
    const schema = findPinnedSchema(folder, service);
    if (schema !== undefined) recorded[service] = schema;
  }
  return recorded;
}
