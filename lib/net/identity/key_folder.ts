import * as nodeFileSystem from "node:fs";
import { join } from "node:path";
import { CellError, errorCode, MINUTE } from "../../base/mod.ts";
import { effectiveUserId } from "../../sys/mod.ts";

/** What a folder of keys asks of the system: a part of node:fs, so that tests can let the power fail between two calls. */
export type FileSystem = Pick<
  typeof nodeFileSystem,
  | "closeSync"
  | "fchmodSync"
  | "fstatSync"
  | "fsyncSync"
  | "linkSync"
  | "openSync"
  | "readdirSync"
  | "readSync"
  | "renameSync"
  | "rmSync"
  | "statSync"
  | "writeSync"
>;

const FILE_MODE = 0o600;
/** Nobody else may read a key, or put another one in its place. */
const FORBIDDEN_BITS = 0o077;
/** What is being written for longer than this is what a crash left. */
const LEFTOVER_MS = 1 * MINUTE;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = nodeFileSystem.constants;

/**
 * A folder whose files are this user's alone and always whole: after a crash or a loss of power, each is as it was before or as
 * it was to become.
 */
export class KeyFolder {
  /** `path` is a folder that is checked already: see `keysDirectory` of lib/service. */
  constructor(readonly path: string, private readonly fileSystem: FileSystem = nodeFileSystem) {}

  /**
   * The bytes of a file, undefined where there is none. Throws PERMISSION_DENIED for one that is open to others or another
   * user's, FAILED_PRECONDITION for what is no file or longer than `bytesMax`.
   */
  read(name: string, bytesMax: number): Uint8Array | undefined {
    const fs = this.fileSystem;
    const path = join(this.path, name);
    let fd: number;
    try {
      // A link is not followed, and a pipe not waited for.
      fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw unreadable(path, error);
    }
    try {
      const { size } = checked(path, fs.fstatSync(fd), bytesMax);
      const bytes = new Uint8Array(size);
      let length = 0;
      while (length < size) {
        const count = fs.readSync(fd, bytes, length, size - length, null);
        if (count === 0) break;
        length += count;
      }
      return bytes.subarray(0, length);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Makes a file, whole. False when there is one of that name, which stays as it is. Throws FAILED_PRECONDITION. */
  create(name: string, bytes: Uint8Array): boolean {
    return this.write(name, bytes, (temporary, path) => {
      try {
        this.fileSystem.linkSync(temporary, path);
        return true;
      } catch (error) {
        if (errorCode(error) === "EEXIST") return false;
        throw error;
      } finally {
        this.fileSystem.rmSync(temporary, { force: true });
      }
    });
  }

  /** Puts a file in the place of another, whole, or makes it. Throws FAILED_PRECONDITION; then the old one is still there. */
  replace(name: string, bytes: Uint8Array): void {
    this.write(name, bytes, (temporary, path) => {
      this.fileSystem.renameSync(temporary, path);
      return true;
    });
  }

  /** Gives a file a second name, which keeps it when the first is replaced. Nothing happens where that name is taken. */
  keep(name: string, secondName: string): void {
    try {
      this.fileSystem.linkSync(join(this.path, name), join(this.path, secondName));
    } catch (error) {
      if (errorCode(error) === "EEXIST") return;
      throw unwritable(join(this.path, secondName), "Nothing was changed.", error);
    }
  }

  private write(name: string, bytes: Uint8Array, publish: (temporary: string, path: string) => boolean): boolean {
    const fs = this.fileSystem;
    const path = join(this.path, name);
    const temporary = join(this.path, `.${name}.${crypto.randomUUID()}`);
    let isPublished = false;
    try {
      this.removeLeftovers(name);
      const fd = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE);
      try {
        // The umask may have taken from the mode.
        fs.fchmodSync(fd, FILE_MODE);
        for (let written = 0; written < bytes.length;) written += fs.writeSync(fd, bytes, written);
        // A name that survives a loss of power has to come with its bytes.
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      isPublished = publish(temporary, path);
      this.syncFolder();
      return isPublished;
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      const state = isPublished ? "It is there, but a loss of power may undo it." : "Nothing was changed.";
      throw unwritable(path, state, error);
    }
  }

  /** Removes what crashed processes have begun to write; what others are writing now is younger. */
  private removeLeftovers(name: string): void {
    const fs = this.fileSystem;
    const before = Date.now() - LEFTOVER_MS;
    for (const entry of fs.readdirSync(this.path)) {
      if (!entry.startsWith(`.${name}.`)) continue;
      const path = join(this.path, entry);
      const found = fs.statSync(path, { throwIfNoEntry: false });
      if (found !== undefined && found.mtimeMs < before) fs.rmSync(path, { force: true });
    }
  }

  private syncFolder(): void {
    const fd = this.fileSystem.openSync(this.path, O_RDONLY);
    try {
      this.fileSystem.fsyncSync(fd);
    } finally {
      this.fileSystem.closeSync(fd);
    }
  }
}

/** The file's status, if it is a file as this code makes it. */
function checked(path: string, found: nodeFileSystem.Stats, bytesMax: number): nodeFileSystem.Stats {
  if (!found.isFile()) {
    throw refusedFile(path, "FAILED_PRECONDITION", "expected a file, found something else. Move it away.");
  }
  const uid = effectiveUserId();
  if (found.uid !== uid) {
    throw refusedFile(
      path,
      "PERMISSION_DENIED",
      `it belongs to user ${found.uid} and this process acts as user ${uid}.`,
    );
  }
  if ((found.mode & FORBIDDEN_BITS) !== 0) {
    throw refusedFile(
      path,
      "PERMISSION_DENIED",
      `its mode ${octal(found.mode)} lets other users at this node's key. Expected ${
        octal(FILE_MODE)
      }: run chmod 600 ${path}. If ` +
        "somebody may have read it, let this node be revoked and join again.",
    );
  }
  if (found.size > bytesMax) {
    throw refusedFile(
      path,
      "FAILED_PRECONDITION",
      `expected at most ${bytesMax} bytes, found ${found.size}. Move it away.`,
    );
  }
  return found;
}

function unreadable(path: string, error: unknown): CellError {
  switch (errorCode(error)) {
    case "ELOOP":
    case "EMLINK":
      return refusedFile(
        path,
        "FAILED_PRECONDITION",
        "expected a file, found a symbolic link. Put the file itself there.",
      );
    case "EACCES":
      return refusedFile(path, "PERMISSION_DENIED", "this user may not read it.");
    default:
      return refusedFile(path, "FAILED_PRECONDITION", String(error), error);
  }
}

function refusedFile(path: string, code: "FAILED_PRECONDITION" | "PERMISSION_DENIED", why: string, cause?: unknown) {
  return new CellError(code, `reading ${path}: ${why}`, { cause });
}

function unwritable(path: string, state: string, error: unknown): CellError {
  return new CellError("FAILED_PRECONDITION", `writing ${path}: ${String(error)}. ${state}`, { cause: error });
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
