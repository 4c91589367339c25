import { CellError, type Code } from "../base/mod.ts";
import { libc } from "./libc.ts";

/** What the errors of system calls mean in our vocabulary; the rest is INTERNAL. */
const CODES: { [name: string]: Code } = {
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EBADF: "INVALID_ARGUMENT",
  EINVAL: "INVALID_ARGUMENT",
  ENOTSOCK: "INVALID_ARGUMENT",
  ENOTCONN: "UNAVAILABLE",
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
  const name = errnoName(errno);
  return new CellError(CODES[name] ?? "INTERNAL", `${attempted}: ${name}`, { data: { errno: name } });
}
