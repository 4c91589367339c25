import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { parseSchema, type Schema } from "../schema/mod.ts";
import { home } from "../service/mod.ts";
import { sha256Of } from "./hash.ts";
import { MANIFEST_BYTES_MAX, PACKAGE_BYTES_MAX } from "./limits.ts";
import { CODE_FILE, MANIFEST_FILE, type PackageManifest, parseManifest, SCHEMA_FILE } from "./manifest.ts";

/** A package that has been found to be what its name says. */
export interface Package {
  readonly sha256: string;
  /** Its folder. */
  readonly path: string;
  /** The code. */
  readonly entry: string;
  readonly manifest: PackageManifest;
  readonly schema: Schema;
}

const ADVICE = "Deploy the service again: cell deploy FILE";

/**
 * Opens the package of this name and checks every byte of it. Throws NOT_FOUND when there is none, and DATA_LOSS, which
 * names the file, when one is not as it was built.
 */
export async function openPackage(sha256: string): Promise<Package> {
  const path = packagePath(sha256);
  const { manifest, contents } = verifiedPackage(path, sha256);
  return {
    sha256,
    path,
    entry: join(path, CODE_FILE),
    manifest,
    schema: readSchema(path, contents.get(SCHEMA_FILE)!),
  };
}

/** The schema of a package, checked like all of it. Throws like `openPackage`. */
export async function packageSchema(sha256: string): Promise<Schema> {
  return (await openPackage(sha256)).schema;
}

/** Where the package of this name is, if there is one. Throws INVALID_ARGUMENT unless it is a SHA-256 in hexadecimal. */
export function packagePath(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `opening a package: expected its SHA-256 as 64 hexadecimal digits, found ${JSON.stringify(sha256.slice(0, 80))}`,
    );
  }
  return join(home(), "packages", sha256);
}

/** Reads all files of a package and compares their hashes with its name. */
export function verifiedPackage(
  path: string,
  sha256: string,
): { manifest: PackageManifest; contents: Map<string, Uint8Array> } {
  const folder = lstatSync(path, { throwIfNoEntry: false });
  if (folder === undefined) {
    throw new CellError("NOT_FOUND", `opening the package ${sha256}: there is no folder ${path}. ${ADVICE}`);
  }
  if (!folder.isDirectory()) throw damaged(path, "the folder itself", "it is something else");
  const manifestBytes = readPart(path, MANIFEST_FILE, MANIFEST_BYTES_MAX);
  if (sha256Of(manifestBytes) !== sha256) throw damaged(path, MANIFEST_FILE, "it was changed");
  const manifest = parseManifest(new TextDecoder().decode(manifestBytes), join(path, MANIFEST_FILE));
  const contents = new Map<string, Uint8Array>();
  for (const [name, hash] of Object.entries(manifest.files)) {
    const bytes = readPart(path, name, PACKAGE_BYTES_MAX);
    if (sha256Of(bytes) !== hash) throw damaged(path, name, "it was changed");
    contents.set(name, bytes);
  }
  return { manifest, contents };
}

function readPart(folder: string, name: string, bytesMax: number): Uint8Array {
  const path = join(folder, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw damaged(folder, name, "it is missing");
  // A link may lead anywhere, and to something else after it was looked at.
  if (!found.isFile()) throw damaged(folder, name, "it is not a plain file");
  if (found.size > bytesMax) throw damaged(folder, name, `it has ${found.size} bytes`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw damaged(folder, name, (error as Error).message, error);
  }
}

function readSchema(folder: string, bytes: Uint8Array): Schema {
  try {
    return parseSchema(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw damaged(folder, SCHEMA_FILE, `it is no schema: ${(error as Error).message}`, error);
  }
}

function damaged(folder: string, name: string, why: string, cause?: unknown): CellError {
  return new CellError(
    "DATA_LOSS",
    `opening the package ${folder}: ${name} is not what was built: ${why}. ${ADVICE}`,
    { cause },
  );
}
