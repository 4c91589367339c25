import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CellError, errorCode } from "../base/mod.ts";
import { effectiveUserId } from "../sys/mod.ts";
import { home, keysDirectory } from "./home.ts";

/** How long the secret is. */
const SECRET_BYTES = 32;
const FILE_NAME = "local.key";
const FILE_MODE = 0o600;
/** What a secret that is being made is called; followed by something that nobody else has. */
const TEMPORARY_PREFIX = ".local.key.";
/** The file may be removed each time between being made and being read; more often than this is no accident. */
const ATTEMPTS_MAX = 10;

/** A secret that was read, and how its file looked then. */
interface Remembered {
  readonly secret: Uint8Array;
  readonly inode: number;
  readonly changedMs: number;
}

const remembered = new Map<string, Remembered>();

/**
 * The bytes that only this user's processes know, of `keys/local.key` in the home: whoever shows that it has them may share
 * memory with this user's other processes. Made at the first use on this machine; processes that race agree on one. Read
 * again only when the file has changed.
 *
 * Throws PERMISSION_DENIED when the file or a folder above is open to others or another user's, FAILED_PRECONDITION when it
 * is no such file or cannot be made.
 */
export function localSecret(): Uint8Array {
  const path = join(home(), "keys", FILE_NAME);
  const known = remembered.get(path);
  if (known !== undefined && isUnchanged(path, known)) return known.secret;
  keysDirectory();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const found = read(path);
    if (found !== undefined) {
      remembered.set(path, found);
      return found.secret;
    }
    make(path);
  }
  throw new CellError("FAILED_PRECONDITION", `making ${path}: something removes it as often as it is made`);
}

function isUnchanged(path: string, { inode, changedMs }: Remembered): boolean {
  let found: Stats;
  try {
    found = lstatSync(path);
  } catch {
    // Whoever reads it again says what is wrong.
    return false;
  }
  return found.ino === inode && found.ctimeMs === changedMs;
}

/** The secret in the file; undefined where there is none. */
function read(path: string): Remembered | undefined {
  let fd: number;
  try {
    // A link is not followed, and a pipe not waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw unreadable(path, error);
  }
  try {
    const found = fstatSync(fd);
    check(path, found);
    const secret = new Uint8Array(SECRET_BYTES);
    if (readSync(fd, secret) !== SECRET_BYTES) throw refused(path, `${SECRET_BYTES} bytes`, "fewer");
    return { secret, inode: found.ino, changedMs: found.ctimeMs };
  } finally {
    closeSync(fd);
  }
}

/** Throws unless it is a file as this code makes it. */
function check(path: string, found: Stats): void {
  if (!found.isFile()) throw refused(path, "a file", "something else");
  const uid = effectiveUserId();
  if (found.uid !== uid) throw refused(path, `a file of user ${uid}`, `one of user ${found.uid}`, "PERMISSION_DENIED");
  const mode = found.mode & 0o7777;
  if (mode !== FILE_MODE) throw refused(path, `mode ${octal(FILE_MODE)}`, octal(mode), "PERMISSION_DENIED");
  if (found.size !== SECRET_BYTES) throw refused(path, `${SECRET_BYTES} bytes`, `${found.size}`);
}

/**
 * Makes the file, unless another process has: `link` gives the name to exactly one, and only to a file that is whole.
 * Whoever wins removes what crashed or slower processes have begun; one of those that still runs finds the winner's.
 */
function make(path: string): void {
  const folder = keysDirectory();
  const temporary = join(folder, `${TEMPORARY_PREFIX}${crypto.randomUUID()}`);
  try {
    write(temporary);
    linkSync(temporary, path);
    for (const name of readdirSync(folder)) {
      if (name.startsWith(TEMPORARY_PREFIX)) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST" || code === "ENOENT") return;
    throw new CellError("FAILED_PRECONDITION", `making ${path}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function write(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, FILE_MODE);
  try {
    // The umask may have taken from the mode.
    fchmodSync(fd, FILE_MODE);
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    for (let written = 0; written < SECRET_BYTES;) written += writeSync(fd, secret, written);
    // A name that survives a loss of power has to come with its bytes.
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The error for a file that is there and cannot be opened. */
function unreadable(path: string, error: unknown): CellError {
  const code = errorCode(error);
  if (code === "ELOOP" || code === "EMLINK") return refused(path, "a file", "a symbolic link");
  if (code === "EACCES") {
    return refused(path, "a file that this user may read", "one that it may not", "PERMISSION_DENIED");
  }
  return new CellError("FAILED_PRECONDITION", `reading ${path}: ${String(error)}`, { cause: error });
}

function refused(
  path: string,
  expected: string,
  found: string,
  code: "FAILED_PRECONDITION" | "PERMISSION_DENIED" = "FAILED_PRECONDITION",
): CellError {
  return new CellError(
    code,
    `reading ${path}: expected ${expected}, found ${found}. Remove it: the next connection makes a new one.`,
  );
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
