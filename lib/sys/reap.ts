import { errnoName, lastError } from "./errno.ts";
import { libc } from "./libc.ts";
import { WAIT_NOT } from "./platform.ts";

/** Any child, for waitpid(2). */
const ANY_CHILD = -1;

/** How a child ended. */
export interface ChildStatus {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * How a child of this process ended that the runtime does not know, because another program of this process started it;
 * its entry in the kernel's table is gone after that. "running" while it runs, "foreign" when it is no child (any more).
 */
export function reapChild(pid: number): ChildStatus | "running" | "foreign" {
  const status = new Int32Array(1);
  const result = libc().waitpid(pid, new Uint8Array(status.buffer), WAIT_NOT);
  if (result === 0) return "running";
  if (result === pid) return decode(status[0]!);
  const errno = libc().errno();
  const name = errnoName(errno);
  if (name === "ECHILD") return "foreign";
  if (name === "EINTR") return "running";
  throw lastError(`asking how process ${pid} ended`, errno);
}

/**
 * Removes all children of this process that have ended from the kernel's table, whoever started them; returns how many. Not
 * for a program whose runtime has started children: it would never learn of their end.
 */
export function reapChildren(): number {
  let count = 0;
  while (libc().waitpid(ANY_CHILD, new Uint8Array(Int32Array.BYTES_PER_ELEMENT), WAIT_NOT) > 0) count++;
  return count;
}

/** WIFEXITED and WEXITSTATUS, WTERMSIG: the same bits on every platform (wait(2)). */
function decode(status: number): ChildStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  const numbers: { [name: string]: number } = process.getBuiltinModule("node:os").constants.signals;
  const name = Object.keys(numbers).find((candidate) => numbers[candidate] === signal);
  return { code: null, signal: (name ?? `signal ${signal}`) as NodeJS.Signals };
}
