import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, utimesSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { packagesDirectory } from "../service/mod.ts";
import { packagePath, verifiedPackage } from "./open_package.ts";
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

/** What is stored under a hash; a whole package counts as new again, so that it is not removed as forgotten. */
export function storedState(sha256: string): "missing" | "whole" | "damaged" {
  const path = packagePath(sha256);
  const now = new Date();
  try {
    utimesSync(path, now, now);
    verifiedPackage(path, sha256);
    return "whole";
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT" ? "missing" : "damaged";
  }
}

/**
 * A package that is being written. Nobody sees any of it before `place`, and nothing is left of it after the end of its
 * scope otherwise, also after a crash or a loss of power at any point. Everything throws RESOURCE_EXHAUSTED when the disk is
 * full, FAILED_PRECONDITION when it cannot be written.
 */
export class PackageDraft implements Disposable {
  readonly #packages = packagesDirectory();
  readonly #folder = join(this.#packages, temporaryName());

  constructor() {
    this.#attempt(() => mkdirSync(this.#folder, { mode: FOLDER_MODE }));
  }

  /** Begins a file of the package. */
  create(name: string): DraftFile {
    const fd = this.#attempt(() => openSync(join(this.#folder, name), "wx", FILE_MODE));
    return {
      write: (bytes) =>
        this.#attempt(() => {
          for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
        }),
      sync: () => this.#attempt(() => fsyncSync(fd)),
      [Symbol.dispose]: () => closeSync(fd),
    };
  }

  /** Writes a whole file of the package. */
  add(name: string, bytes: Uint8Array): void {
    using file = this.create(name);
    file.write(bytes);
    file.sync();
  }

  /** Gives the package its name. One that is stored and damaged is replaced; another one that is whole stays. */
  place(sha256: string): StoredPackage {
    const path = packagePath(sha256);
    this.#attempt(() => syncFolder(this.#folder));
    if (storedState(sha256) === "damaged") moveAway(path, join(this.#packages, temporaryName()));
    return { sha256, path, isNew: this.#attempt(() => this.#moveIn(path, sha256)) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** False when somebody else has just stored the same. */
  #moveIn(path: string, sha256: string): boolean {
    try {
      renameSync(this.#folder, path);
    } catch (error) {
      // A folder that has something in it is not replaced.
      if (storedState(sha256) !== "whole") throw error;
      return false;
    }
    syncFolder(this.#packages);
    return true;
  }

  #attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw error instanceof CellError ? error : unwritable(this.#packages, error);
    }
  }
}

/** A file of a package that is being written. */
export interface DraftFile extends Disposable {
  write(bytes: Uint8Array): void;
  /** Makes it durable. */
  sync(): void;
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

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
