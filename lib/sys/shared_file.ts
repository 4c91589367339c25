import { fstatSync, type Stats } from "node:fs";
import { CellError } from "../base/mod.ts";
import { attempt, errnoName, systemError } from "./errno.ts";
import { memoryFunctions } from "./memory_functions.ts";
import { currentPlatform, FILE_TYPE_MASK, OTHERS_MASK } from "./platform.ts";
import { effectiveUserId } from "./user.ts";

/** Signals may interrupt an allocation; more often than this in a row is no accident. */
const INTERRUPTIONS_MAX = 100;

/** The size that a file for so many bytes has. */
export function fileBytes(byteCount: number): number {
  const { sizeMultipleBytes } = currentPlatform().memory;
  return Math.ceil(byteCount / sizeMultipleBytes) * sizeMultipleBytes;
}

/**
 * Makes sure that a range of a file has memory behind it. Without that, the first touch of a page that the kernel has no
 * room for ends the process with SIGBUS. Throws RESOURCE_EXHAUSTED.
 */
export function allocateFile(fd: number, offset: number, byteCount: number): void {
  if (!currentPlatform().memory.canAllocate) return;
  const { posix_fallocate } = memoryFunctions();
  for (let interruptions = 0;; interruptions++) {
    const errno = posix_fallocate(fd, offset, byteCount);
    if (errno === 0) return;
    const name = errnoName(errno);
    if (name !== "EINTR" || interruptions === INTERRUPTIONS_MAX) {
      throw systemError(`allocating ${byteCount} bytes of shared memory`, name);
    }
  }
}

/** Throws unless an open file is memory of this user for exactly so many bytes, which nobody else may open. */
export function verifyOpen(fd: number, byteCount: number, what: string): void {
  verifyStats(attempt(`opening ${what}`, () => fstatSync(fd)), byteCount, what);
}

/** The same for what `stat` tells, before the file is opened: opening a device or a pipe may do things, or wait. */
export function verifyStats({ mode, uid, size }: Stats, byteCount: number, what: string): void {
  const type = mode & FILE_TYPE_MASK;
  if (!currentPlatform().memory.fileTypes.includes(type)) {
    throw refusal(what, "shared memory", `a file of type 0o${type.toString(8)}`);
  }
  if (uid !== effectiveUserId()) {
    throw refusal(what, `memory of user ${effectiveUserId()}`, `memory of user ${uid}`, "PERMISSION_DENIED");
  }
  if ((mode & OTHERS_MASK) !== 0) {
    throw refusal(what, "memory for its owner only", `mode 0o${(mode & ~FILE_TYPE_MASK).toString(8)}`);
  }
  if (size !== fileBytes(byteCount)) throw refusal(what, `${fileBytes(byteCount)} bytes`, `${size}`);
}

/** The error of shared memory that the peer offers and that is not what it should be. */
export function refusal(
  what: string,
  expected: string,
  found: string,
  code: "FAILED_PRECONDITION" | "PERMISSION_DENIED" = "FAILED_PRECONDITION",
): CellError {
  return new CellError(code, `opening ${what}: expected ${expected}, found ${found}`);
}
