import { SQLiteError } from "bun:sqlite";
import { CellError } from "../../base/mod.ts";
import { DamagedRow } from "./checksum.ts";

/** What to do about a file that cannot be used as it is. */
const RESTORE =
  "Nothing was changed. Put a backup in its place, or move it (with its -wal and -shm) away and deploy anew.";

/** What SQLite and the system say, beside SQLITE_FULL, when there is no room for a file. */
const FULL_DISK: readonly string[] = ["SQLITE_IOERR_SHMSIZE", "ENOSPC", "EDQUOT"];

/** Any failure while the store at `path` was used, as an error that names the file and says what to do. */
export function stateError(path: string, attempt: string, error: unknown): CellError {
  if (error instanceof CellError) return error;
  if (error instanceof DamagedRow) return damaged(path, error.message, error);
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string" && FULL_DISK.includes(code)) return full(path, attempt, error);
  if (!(error instanceof SQLiteError)) {
    return new CellError("INTERNAL", `${attempt}: using ${path}: ${String(error)}`, { cause: error });
  }
  // The file is shorter than it says.
  if (error.code === "SQLITE_IOERR_SHORT_READ") return damaged(path, "it was cut off", error);
  const kind = (error.code ?? "").split("_")[1] ?? "";
  const because = { cause: error };
  switch (kind) {
    case "NOTADB":
      return notAState(path, "it is no SQLite database", error);
    case "CORRUPT":
    case "ERROR":
    case "SCHEMA":
    case "MISMATCH":
    case "TOOBIG":
    case "CONSTRAINT":
      return damaged(path, error.message, error);
    case "FULL":
      return full(path, attempt, error);
    case "BUSY":
    case "LOCKED":
      return new CellError(
        "UNAVAILABLE",
        `${attempt}: using ${path}: another process has locked it. A second agent, or a program that reads it? Nothing was ` +
          "changed; try again when it is done.",
        because,
      );
    case "READONLY":
    case "PERM":
    case "AUTH":
      return new CellError(
        "FAILED_PRECONDITION",
        `${attempt}: writing ${path}: ${error.message}. Nothing was changed.`,
        because,
      );
    default:
      return new CellError(
        "UNAVAILABLE",
        `${attempt}: using ${path}: ${error.message} (${error.code}). Is the disk in order? Nothing was changed.`,
        because,
      );
  }
}

function full(path: string, attempt: string, cause: unknown): CellError {
  return new CellError(
    "RESOURCE_EXHAUSTED",
    `${attempt}: writing ${path}: the disk, or the space that the state may take, is full. Nothing was changed; make ` +
      "room and try again.",
    { cause },
  );
}

/** The error for a file that was ours and is damaged. */
export function damaged(path: string, why: string, cause?: unknown): CellError {
  return new CellError("DATA_LOSS", `reading ${path}: it is damaged: ${why}. ${RESTORE}`, { cause });
}

/** The error for a file that never was ours. */
export function notAState(path: string, why: string, cause?: unknown): CellError {
  return new CellError("DATA_LOSS", `reading ${path}: it is not a state of cell: ${why}. ${RESTORE}`, { cause });
}
