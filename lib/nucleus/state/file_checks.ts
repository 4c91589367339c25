import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { CellError } from "../../base/mod.ts";
import { effectiveUserId } from "../../sys/mod.ts";
import { notAState } from "./failures.ts";

/** What a SQLite database begins with. */
const MAGIC = "SQLite format 3\0";
const OWNER_WRITES = 0o200;
const OWNER_WRITES_AND_ENTERS = 0o300;

/**
 * Looks at the file and its folder before SQLite does, since SQLite would take an empty file for a new database and an
 * unwritable one for one to read. Throws PERMISSION_DENIED, FAILED_PRECONDITION or DATA_LOSS, naming the path and what to do.
 */
export function checkFolder(path: string): void {
  const folder = dirname(path);
  const found = look(folder);
  if (found === undefined) {
    throw new CellError("FAILED_PRECONDITION", `opening ${path}: there is no folder ${folder}. Run cell init.`);
  }
  assertOwn(folder, found);
  assertWritable(folder, found, OWNER_WRITES_AND_ENTERS, `chmod u+rwx ${folder}`);
}

/** Whether there is a state at `path`; throws when there is something that can be none. */
export function checkFile(path: string): "present" | "missing" {
  const found = look(path);
  if (found === undefined) return "missing";
  if (!found.isFile()) throw notAState(path, "it is not a file");
  assertOwn(path, found);
  assertWritable(path, found, OWNER_WRITES, `chmod u+w ${path}`);
  // One that cell has made is never empty: it is put there whole.
  if (found.size === 0) throw notAState(path, "it is empty");
  if (beginningOf(path) !== MAGIC) throw notAState(path, "it is no SQLite database");
  return "present";
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new CellError("PERMISSION_DENIED", `opening ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function assertOwn(path: string, { uid }: Stats): void {
  const own = effectiveUserId();
  if (uid === own) return;
  throw new CellError(
    "PERMISSION_DENIED",
    `opening ${path}: it belongs to the user with uid ${uid}, and this process acts as uid ${own}. ` +
      "Set CELL_HOME to a directory of your own.",
  );
}

/** Mode bits are looked at as well: they do not bind root, who should not write where they say no. */
function assertWritable(path: string, { mode }: Stats, bits: number, advice: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    if ((mode & bits) === bits) return;
  } catch (error) {
    if ((error as { code?: unknown }).code === "EROFS") {
      throw new CellError(
        "FAILED_PRECONDITION",
        `opening ${path}: the file system is read-only. Mount it for writing, or set CELL_HOME to a directory elsewhere.`,
        { cause: error },
      );
    }
  }
  throw new CellError("FAILED_PRECONDITION", `opening ${path}: it may not be written. Allow it: ${advice}`);
}

function beginningOf(path: string): string {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(MAGIC.length);
    return bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}
