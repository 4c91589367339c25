import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { tryLockExclusive } from "../sys/mod.ts";
import { errorCode } from "./error_code.ts";

const LOCK_MODE = 0o600;
/** A name that changes hands this often while we look at it is held, for all that we can say. */
const REMOVALS_MAX = 100;

/** Where a service's name is held and where its holder listens. */
export interface NamePaths {
  readonly socket: string;
  readonly lock: string;
}

/** The paths of a valid name. */
export function namePaths(runDirectory: string, name: string): NamePaths {
  return { socket: join(runDirectory, `${name}.sock`), lock: join(runDirectory, `${name}.lock`) };
}

/**
 * The locked file at `path` as a file descriptor (close it to unlock), "held" when somebody else has it locked, or
 * "missing" when it does not exist and shall not be created.
 *
 * A holder removes the file before it unlocks it. Whoever opened it before and locks it afterwards has locked a file that
 * nobody else can find: then the file that is there now is tried.
 */
export function openLocked(path: string, absent: "create" | "leave"): number | "held" | "missing" {
  for (let removals = 0; removals < REMOVALS_MAX; removals++) {
    const fd = open(path, absent);
    if (fd === undefined) return "missing";
    let isOurs = false;
    try {
      if (!tryLockExclusive(fd)) return "held";
      isOurs = isStillThere(fd, path);
      if (isOurs) return fd;
    } finally {
      if (!isOurs) closeSync(fd);
    }
  }
  return "held";
}

/** Writes this process into its lock file, so that others can say who holds the name. */
export function signLock(fd: number): void {
  const length = writeSync(fd, `${process.pid}\n`, 0);
  ftruncateSync(fd, length);
}

/** Who signed the lock file last; undefined when nobody did. */
export function signerOf(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

/** Whether a process exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

function open(path: string, absent: "create" | "leave"): number | undefined {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | (absent === "create" ? constants.O_CREAT : 0);
  try {
    return openSync(path, flags, LOCK_MODE);
  } catch (error) {
    if (absent === "leave" && errorCode(error) === "ENOENT") return undefined;
    throw new CellError("FAILED_PRECONDITION", `opening the lock file ${path}: ${String(error)}`, { cause: error });
  }
}

/** Whether the open file is the one that others find at `path`. */
export function isStillThere(fd: number, path: string): boolean {
  const opened = fstatSync(fd);
  try {
    const found = lstatSync(path);
    return found.ino === opened.ino && found.dev === opened.dev;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
