import { lastError } from "./errno.ts";
import { libc } from "./libc.ts";

/**
 * Makes `target` another descriptor of what `fd` is open on (dup2(2)); what `target` was before is closed. Child processes
 * that are started from now on get it like before.
 */
export function redirect(fd: number, target: number): void {
  if (libc().dup2(fd, target) === -1) throw lastError(`making file descriptor ${target} a copy of ${fd}`);
}
