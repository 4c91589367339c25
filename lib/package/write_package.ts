import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, utimesSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { packagesDirectory } from "../service/mod.ts";
import { sha256Of } from "./hash.ts";
import { PACKAGE_BYTES_MAX, PACKAGE_FILES_MAX } from "./limits.ts";
import { MANIFEST_FILE, manifestText, type PackageManifest } from "./manifest.ts";
import { verifiedPackage } from "./open_package.ts";
import { temporaryName } from "./temporary_name.ts";

/** Nobody writes into a package, its owner included. */
const FILE_MODE = 0o400;
const FOLDER_MODE = 0o700;

/** Where a package is. */
export interface StoredPackage {
  readonly sha256: string;
  readonly path: string;
  /** False when the same package was there already. */
  readonly isNew: boolean;
}

/**
 * Stores a package under the hash of its content. Whoever looks sees all of it or nothing, also after a crash or a loss
 * of power at any point; several that store the same at once all find it stored. A stored one that was damaged is
 * replaced. Throws RESOURCE_EXHAUSTED when it is too large or the disk is full, and leaves nothing behind.
 */
export function writePackage(
  manifest: Omit<PackageManifest, "files">,
  files: ReadonlyMap<string, Uint8Array>,
): StoredPackage {
  assertSize(manifest.service, files);
  const hashes = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256Of(bytes)]));
  const manifestBytes = new TextEncoder().encode(manifestText({ ...manifest, files: hashes }));
  const sha256 = sha256Of(manifestBytes);
  const packages = packagesDirectory();
  const path = join(packages, sha256);
  const state = stateOf(path, sha256);
  if (state === "whole") return { sha256, path, isNew: false };
  const temporary = join(packages, temporaryName());
  try {
    writeFolder(temporary, new Map([...files, [MANIFEST_FILE, manifestBytes]]));
    if (state === "damaged") moveAway(path, join(packages, temporaryName()));
    return { sha256, path, isNew: moveIn(temporary, path, sha256) };
  } catch (error) {
    throw error instanceof CellError ? error : unwritable(packages, error);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Makes the folder and its files durable. */
function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(folder, { mode: FOLDER_MODE });
  for (const [name, bytes] of files) {
    const fd = openSync(join(folder, name), "wx", FILE_MODE);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
  sync(folder);
}

/** Gives a folder its name. False when somebody else has just stored the same. */
function moveIn(temporary: string, path: string, sha256: string): boolean {
  try {
    renameSync(temporary, path);
  } catch (error) {
    // A folder that has something in it is not replaced.
    if (stateOf(path, sha256) !== "whole") throw error;
    return false;
  }
  sync(join(path, ".."));
  return true;
}

/** A damaged package makes room; that somebody else was faster is as good. */
function moveAway(path: string, trash: string): void {
  try {
    renameSync(path, trash);
  } catch {
    return;
  }
  rmSync(trash, { recursive: true, force: true });
}

/** What is stored at `path`; a whole package counts as new again, so that it is not removed as forgotten. */
function stateOf(path: string, sha256: string): "missing" | "whole" | "damaged" {
  const now = new Date();
  try {
    utimesSync(path, now, now);
    verifiedPackage(path, sha256);
    return "whole";
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT" ? "missing" : "damaged";
  }
}

function assertSize(service: string, files: ReadonlyMap<string, Uint8Array>): void {
  let bytes = 0;
  for (const content of files.values()) bytes += content.length;
  if (bytes <= PACKAGE_BYTES_MAX && files.size <= PACKAGE_FILES_MAX) return;
  throw new CellError(
    "RESOURCE_EXHAUSTED",
    `packing ${service}: it has ${files.size} files with ${bytes} bytes, and a package holds at most ` +
      `${PACKAGE_FILES_MAX} files with ${PACKAGE_BYTES_MAX} bytes. Keep large data outside and open it by its path.`,
  );
}

function unwritable(packages: string, error: unknown): CellError {
  const { code, message } = error as { code?: unknown; message: string };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CellError(
      "RESOURCE_EXHAUSTED",
      `writing a package into ${packages}: the disk is full. Nothing was changed; make room and try again.`,
      { cause: error },
    );
  }
  return new CellError("FAILED_PRECONDITION", `writing a package into ${packages}: ${message}. Nothing was changed.`, {
    cause: error,
  });
}

function sync(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
