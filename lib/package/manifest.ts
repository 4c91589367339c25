import { CellError, toCellError } from "../base/mod.ts";
import { parseSchema, type Schema } from "../schema/mod.ts";
import type { MethodOrigin, RemoteImports } from "../schema/typescript/mod.ts";
import { assertServiceName } from "../service/mod.ts";
import { PACKAGE_FILES_MAX } from "./limits.ts";

/** The version of the layout of a package. */
export const PACKAGE_FORMAT = 1;
/** The bundled code. */
export const CODE_FILE = "service.js";
/** What the code offers. */
export const SCHEMA_FILE = "schema.json";
/** What the package is; the SHA-256 of this file is the package's name. */
export const MANIFEST_FILE = "manifest.json";

/** What `manifest.json` says. */
export interface PackageManifest {
  format: typeof PACKAGE_FORMAT;
  /** The service's name, which the code was built for. */
  service: string;
  /** The name of the source file, without folders. */
  entry: string;
  /** The fingerprint of the schema. */
  species: string;
  /** Whether the service is an instance of the default-exported class. */
  defaultClass: boolean;
  /** Where the runtime finds the function of each method. */
  origins: { [method: string]: MethodOrigin };
  /** The names that the code uses of other services. */
  remoteImports: RemoteImports;
  /** The recorded schemas of other services that the code was compiled against. */
  imports: { [service: string]: Schema };
  /** Which services may call; without it all may. */
  allow?: string[];
  /** The SHA-256 of every other file of the package, by name. */
  files: { [name: string]: string };
}

/** The text of a manifest: the same for the same content, since tables are sorted by name. */
export function manifestText(manifest: PackageManifest): string {
  const { origins, remoteImports, imports, allow, files } = manifest;
  const ordered: PackageManifest = {
    format: manifest.format,
    service: manifest.service,
    entry: manifest.entry,
    species: manifest.species,
    defaultClass: manifest.defaultClass,
    origins: sorted(origins),
    remoteImports: sorted(remoteImports),
    imports: sorted(imports),
    ...(allow === undefined ? {} : { allow }),
    files: sorted(files),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** Reads a manifest whose hash was checked. Throws FAILED_PRECONDITION for one of another version or of another shape. */
export function parseManifest(text: string, path: string): PackageManifest {
  try {
    return checked(JSON.parse(text), path);
  } catch (error) {
    if (error instanceof CellError && error.code === "FAILED_PRECONDITION") throw error;
    throw new CellError("FAILED_PRECONDITION", `reading ${path}: it is no manifest: ${toCellError(error).message}`, {
      cause: error,
    });
  }
}

/** Whether a name is that of a file right in the package's folder: no way leads out of it. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$/.test(name);
}

function checked(value: unknown, path: string): PackageManifest {
  const fields = record(value, "manifest");
  if (fields["format"] !== PACKAGE_FORMAT) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `reading ${path}: its format is ${JSON.stringify(fields["format"])}, and this version of cell reads ` +
        `${PACKAGE_FORMAT}. Use the cell that built it, or deploy it again.`,
    );
  }
  const service = text(fields, "service");
  assertServiceName(service);
  const files: PackageManifest["files"] = {};
  const names = Object.entries(record(fields["files"], "files"));
  if (names.length > PACKAGE_FILES_MAX) throw wrong("files", `at most ${PACKAGE_FILES_MAX}`, names.length);
  for (const [name, hash] of names) {
    if (!isFileName(name) || name === MANIFEST_FILE) throw wrong("files", "names of files in the package", name);
    if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) throw wrong(`files.${name}`, "a SHA-256", hash);
    files[name] = hash;
  }
  for (const name of [CODE_FILE, SCHEMA_FILE]) {
    if (!Object.hasOwn(files, name)) throw wrong("files", `${name} among them`, Object.keys(files));
  }
  if (typeof fields["defaultClass"] !== "boolean") throw wrong("defaultClass", "true or false", fields["defaultClass"]);
  return {
    format: PACKAGE_FORMAT,
    service,
    entry: text(fields, "entry"),
    species: text(fields, "species"),
    defaultClass: fields["defaultClass"],
    origins: table(fields["origins"], "origins", origin),
    remoteImports: table(fields["remoteImports"], "remoteImports", nameList),
    imports: table(fields["imports"], "imports", parseSchema),
    ...(fields["allow"] === undefined ? {} : { allow: nameList(fields["allow"], "allow") }),
    files,
  };
}

function origin(value: unknown, where: string): MethodOrigin {
  const fields = record(value, where);
  return {
    export: text(fields, "export"),
    ...(fields["member"] === undefined ? {} : { member: text(fields, "member") }),
  };
}

function nameList(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) throw wrong(where, "names", value);
  return value as string[];
}

function table<T>(value: unknown, where: string, read: (value: unknown, where: string) => T): { [name: string]: T } {
  const entries = Object.entries(record(value, where));
  return Object.fromEntries(entries.map(([name, entry]) => [name, read(entry, `${where}.${name}`)]));
}

function record(value: unknown, where: string): { [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "an object", value);
  return value as { [name: string]: unknown };
}

function text(fields: { [name: string]: unknown }, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw wrong(name, "text", value);
  return value;
}

function wrong(where: string, expected: string, found: unknown): CellError {
  return new CellError("INVALID_ARGUMENT", `${where}: expected ${expected}, found ${JSON.stringify(found)}`);
}

function sorted<T>(table: { [name: string]: T }): { [name: string]: T } {
  return Object.fromEntries(Object.keys(table).sort().map((name) => [name, table[name]!]));
}
