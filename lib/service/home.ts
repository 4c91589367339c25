import { mkdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { CellError, errorCode } from "../base/mod.ts";
import { effectiveUserId } from "../sys/mod.ts";

/** Ours alone: what is created has this mode. */
const DIRECTORY_MODE = 0o700;
/** Nobody else may write in the home: whoever can, can put another directory in the place of ours. */
const HOME_FORBIDDEN_BITS = 0o022;
/** Nobody else may even look into what is in it. */
const INNER_FORBIDDEN_BITS = 0o077;

/** Where everything of this user's cells lives: `$CELL_HOME`, by default `~/.cell`. Absolute; it need not exist. */
export function home(): string {
  return resolve(process.env["CELL_HOME"] || join(homedir(), ".cell"));
}

/**
 * `run/` of the home: sockets and locks. Created where it is missing. Throws PERMISSION_DENIED when it or the home
 * belongs to another user or is open to others, FAILED_PRECONDITION when it cannot be created.
 */
export function runDirectory(): string {
  return innerDirectory("run");
}

/** `cache/` of the home: what can be computed again. Created and checked like `runDirectory`. */
export function cacheDirectory(): string {
  return innerDirectory("cache");
}

/** `logs/` of the home: what instances and the agent print. Created and checked like `runDirectory`. */
export function logsDirectory(): string {
  return innerDirectory("logs");
}

/** `packages/` of the home: what was deployed. Created and checked like `runDirectory`. */
export function packagesDirectory(): string {
  return innerDirectory("packages");
}

/** `keys/` of the home: what proves who this user is. Created and checked like `runDirectory`. */
export function keysDirectory(): string {
  return innerDirectory("keys");
}

/** `data/` of the home, and in it the folder that a service's instances run in. Created and checked like `runDirectory`. */
export function dataDirectory(service?: string): string {
  const data = innerDirectory("data");
  if (service === undefined) return data;
  const path = join(data, service);
  ensure(path, INNER_FORBIDDEN_BITS);
  return path;
}

/** The file of the home in which the node agent keeps what was deployed. */
export function stateFile(): string {
  return join(home(), "state.db");
}

/** `run/` of the home for somebody who only looks: checked like `runDirectory`, undefined where it is missing. */
export function existingRunDirectory(): string | undefined {
  const path = join(home(), "run");
  if (inspect(home(), HOME_FORBIDDEN_BITS) === "missing") return undefined;
  return inspect(path, INNER_FORBIDDEN_BITS) === "missing" ? undefined : path;
}

function innerDirectory(name: string): string {
  const path = join(home(), name);
  ensure(home(), HOME_FORBIDDEN_BITS);
  ensure(path, INNER_FORBIDDEN_BITS);
  return path;
}

function ensure(path: string, forbiddenBits: number): void {
  if (inspect(path, forbiddenBits) === "fine") return;
  try {
    mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  } catch (error) {
    throw unusable(path, "create", error);
  }
  inspect(path, forbiddenBits);
}

/** Looks whether `path` is a directory of this user that is closed to others, and throws when it is something else. */
function inspect(path: string, forbiddenBits: number): "fine" | "missing" {
  const found = statOf(path);
  if (found === undefined) return "missing";
  if (!found.isDirectory()) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `using ${path} as a directory: it is a file. Move it away or set CELL_HOME to another directory.`,
    );
  }
  const uid = effectiveUserId();
  if (found.uid !== uid) {
    throw new CellError(
      "PERMISSION_DENIED",
      `using ${path}: it belongs to ${describeUser(found.uid)} and this process acts as ${describeUser(uid)}. ` +
        "Set CELL_HOME to a directory of your own.",
    );
  }
  if ((found.mode & forbiddenBits) !== 0) {
    throw new CellError(
      "PERMISSION_DENIED",
      `using ${path}: its mode ${octal(found.mode)} lets other users in, who could put something else in its place. ` +
        `Expected ${octal(DIRECTORY_MODE)}: run chmod 700 ${path}`,
    );
  }
  return "fine";
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return undefined;
    throw unusable(path, "use", error);
  }
}

/** The error for a system call on a directory that failed. */
function unusable(path: string, verb: string, error: unknown): CellError {
  const advice = "Set CELL_HOME to a directory of your own.";
  switch (errorCode(error)) {
    case "EACCES":
    case "EPERM":
      return new CellError("PERMISSION_DENIED", `cannot ${verb} ${path}: ${whoIsInTheWay(path)}. ${advice}`, {
        cause: error,
      });
    case "EEXIST":
    case "ENOTDIR":
      return new CellError("FAILED_PRECONDITION", `cannot ${verb} ${path}: a file is in the way. ${advice}`, {
        cause: error,
      });
    case "EROFS":
      return new CellError("FAILED_PRECONDITION", `cannot ${verb} ${path}: the file system is read-only. ${advice}`, {
        cause: error,
      });
    default:
      return new CellError("FAILED_PRECONDITION", `cannot ${verb} ${path}: ${String(error)}. ${advice}`, {
        cause: error,
      });
  }
}

/** Says whose directory refused: the nearest one above `path` that can be looked at. */
function whoIsInTheWay(path: string): string {
  for (let folder = dirname(path);; folder = dirname(folder)) {
    try {
      return `${folder} belongs to ${describeUser(statSync(folder).uid)}`;
    } catch {
      if (folder === dirname(folder)) return "permission denied";
    }
  }
}

function describeUser(uid: number): string {
  const name = userName(uid);
  return name === undefined ? `uid ${uid}` : `uid ${uid} (${name})`;
}

/** The user's name by passwd(5); undefined where it is kept elsewhere. */
function userName(uid: number): string | undefined {
  let passwd: string;
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  return passwd.split("\n").map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0];
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
