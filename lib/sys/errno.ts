import { CellError, type Code, errorCode } from "../base/mod.ts";
import { libc } from "./libc.ts";

/** What the errors of system calls mean in our vocabulary; the rest is INTERNAL. */
const CODES: { [name: string]: Code } = {
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EBADF: "INVALID_ARGUMENT",
  EINVAL: "INVALID_ARGUMENT",
  ENOTSOCK: "INVALID_ARGUMENT",
  ENOTCONN: "UNAVAILABLE",
  EFBIG: "RESOURCE_EXHAUSTED",
  ENFILE: "RESOURCE_EXHAUSTED",
  ENOSPC: "RESOURCE_EXHAUSTED",
  ENOLCK: "RESOURCE_EXHAUSTED",
  ENOMEM: "RESOURCE_EXHAUSTED",
  EMFILE: "RESOURCE_EXHAUSTED",
};

/** The platform's name of an error number: "EAGAIN", or "errno 999" for one without a name. */
export function errnoName(errno: number): string {
  const numbers: { [name: string]: number } = process.getBuiltinModule("node:os").constants.errno;
  return Object.keys(numbers).find((name) => numbers[name] === errno) ?? `errno ${errno}`;
}

/** The error of the system call that failed last, which was made in order to do `attempted`. */
export function lastError(attempted: string, errno = libc().errno()): CellError {
  return systemError(attempted, errnoName(errno));
}

/** The error of a system call that failed with the error of that name, and was made in order to do `attempted`. */
export function systemError(attempted: string, name: string): CellError {
  return new CellError(CODES[name] ?? "INTERNAL", `${attempted}: ${name}`, { data: { errno: name } });
}

/** Calls the runtime's function for a system call; what it throws says what was attempted, too. */
export function attempt<T>(attempted: string, systemCall: () => T): T {
  try {
    return systemCall();
  } catch (error) {
    throw systemError(attempted, errorCode(error) ?? String(error));
  }
}
