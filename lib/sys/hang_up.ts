import { libc } from "./libc.ts";
import { POLL_FAILED, POLL_HUNG_UP } from "./platform.ts";

/** struct pollfd of poll(2), the same everywhere: the descriptor, then what is asked and what was found as 16 bits each. */
const FOUND_AT = 6;
const POLLFD_BYTES = 8;

/**
 * Whether the other end of a pipe or socket is closed, so that writing into it is of no use. A writer learns that otherwise
 * by writing only. False for files, and for what the kernel does not tell.
 */
export function isHungUp(fd: number): boolean {
  const question = new DataView(new ArrayBuffer(POLLFD_BYTES));
  question.setInt32(0, fd, true);
  // Nothing is asked for: these two are told in any case.
  const answers = libc().poll(new Uint8Array(question.buffer), 1, 0);
  return answers === 1 && (question.getInt16(FOUND_AT, true) & (POLL_FAILED | POLL_HUNG_UP)) !== 0;
}
