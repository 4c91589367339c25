import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CellError, errorCode } from "../base/mod.ts";
import { tryLockExclusive } from "../sys/mod.ts";

const LOCK_MODE = 0o600;
/** A name that changes hands this often while we look at it is held, for all that we can say. */
const REMOVALS_MAX = 100;
/** A record is shorter. */
const RECORD_BYTES_MAX = 512;

const buffer = Buffer.allocUnsafe(RECORD_BYTES_MAX);

/** Where a service's name is held and where its holder listens. */
export interface NamePaths {
  readonly socket: string;
  readonly lock: string;
}

/** What a lock file says about its holder: one line of JSON. */
export interface LockRecord {
  readonly pid: number;
  /** Of a deployed instance: which schema it serves, and which of the service's releases it runs. */
  readonly species?: string;
  readonly release?: number;
  /** What clients may reach it by; nothing of one whose version knew sockets only. */
  readonly transports?: readonly string[];
  /** Of the node agent: whether it talks to other machines now; nothing until it has begun. */
  readonly network?: boolean;
}

/** The paths of a valid name, or of an instance's id. */
export function namePaths(runDirectory: string, id: string): NamePaths {
  return { socket: join(runDirectory, `${id}.sock`), lock: join(runDirectory, `${id}.lock`) };
}

/**
 * The locked file at `path` as a file descriptor (close it to unlock), "held" when somebody else has it locked, or
 * "missing" when it does not exist and shall not be created.
 *
 * `whenHeld` is called with the open file of somebody else, before it is closed.
 *
 * A holder removes the file before it unlocks it. Whoever opened it before and locks it afterwards has locked a file that
 * nobody else can find: then the file that is there now is tried.
 */
export function openLocked(
  path: string,
  absent: "create" | "leave",
  whenHeld: (fd: number) => void = () => {},
): number | "held" | "missing" {
  for (let removals = 0; removals < REMOVALS_MAX; removals++) {
    const fd = open(path, absent);
    if (fd === undefined) return "missing";
    let isOurs = false;
    try {
      if (!tryLockExclusive(fd)) {
        whenHeld(fd);
        return "held";
      }
      isOurs = isStillThere(fd, path);
      if (isOurs) return fd;
    } finally {
      if (!isOurs) closeSync(fd);
    }
  }
  return "held";
}

/**
 * Writes into a lock file who holds it, for others to read. One line is one write: whoever reads meanwhile finds the old line
 * or the new one, and behind a shorter one the rest of the old, which is on no line of its own.
 */
export function signLock(fd: number, record: LockRecord): void {
  const length = writeSync(fd, `${JSON.stringify(record)}\n`, 0);
  ftruncateSync(fd, length);
}

/** What the last holder wrote into the lock file; undefined when nobody did. */
export function recordOf(path: string): LockRecord | undefined {
  try {
    return parseRecord(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Like `recordOf`, of a file that is open. */
export function readRecord(fd: number): LockRecord | undefined {
  const length = readSync(fd, buffer, 0, RECORD_BYTES_MAX, 0);
  return parseRecord(buffer.toString("utf8", 0, length));
}

function parseRecord(text: string): LockRecord | undefined {
  let value: unknown;
  try {
    const [line = ""] = text.split("\n", 1);
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, species, release, transports, network } = value as { [field: string]: unknown };
  if (!isPositive(pid)) return undefined;
  return {
    pid,
    ...(typeof species === "string" ? { species } : {}),
    ...(isPositive(release) ? { release } : {}),
    ...(Array.isArray(transports) ? { transports: transports.map(String) } : {}),
    ...(typeof network === "boolean" ? { network } : {}),
  };
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
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

/** Removes what the crashed holder of a name left behind. Only for somebody who has the lock. */
export function removeRemains(paths: NamePaths): void {
  removeSocket(paths.socket);
  rmSync(paths.lock, { force: true });
}

/** Removes a socket that nobody listens on any more. Throws FAILED_PRECONDITION when something else is in its place. */
export function removeSocket(path: string): void {
  try {
    if (!lstatSync(path).isSocket()) {
      throw new CellError(
        "FAILED_PRECONDITION",
        `listening at ${path}: something that is not a socket is there. Move it away.`,
      );
    }
    rmSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
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
