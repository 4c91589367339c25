import { errnoName, lastError } from "./errno.ts";
import { libc } from "./libc.ts";
import { LOCK_EXCLUSIVE_NOW } from "./platform.ts";

/** A signal may interrupt flock(2) even when it does not wait; more often than this in a row is no accident. */
const INTERRUPTIONS_MAX = 100;

/**
 * Takes the exclusive lock of an open file without waiting: true when this process has it now, false when another open
 * file has it. The kernel releases it when the last descriptor of this open file is closed, thus also when the process
 * dies. Throws what flock(2) reports otherwise.
 */
export function tryLockExclusive(fd: number): boolean {
  for (let interruptions = 0;; interruptions++) {
    if (libc().flock(fd, LOCK_EXCLUSIVE_NOW) === 0) return true;
    const errno = libc().errno();
    const name = errnoName(errno);
    if (name === "EAGAIN" || name === "EWOULDBLOCK") return false;
    if (name !== "EINTR" || interruptions === INTERRUPTIONS_MAX) {
      throw lastError(`locking file descriptor ${fd}`, errno);
    }
  }
}
