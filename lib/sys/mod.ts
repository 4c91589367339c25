/**
 * The few questions that only the kernel can answer, and what only it can do: who is at the other end of a Unix socket, who
 * holds a lock that dies with its holder, whether anybody reads from a pipe, how a child ended that the runtime did not start, and putting another program in
 * the place of this one. Everything else goes through the runtime.
 *
 * Turned down: reading `/proc/net/unix` for the peer (racy, Linux only); lock files with a pid inside (a crash leaves
 * them behind, and pids are used again); `fcntl` locks (any `close` of the same file in the process drops them, which a
 * library may do behind our back). `flock` belongs to the open file: it ends when the last descriptor is closed, which
 * the kernel does for a process that dies in any way.
 *
 * libc is reached through bun:ffi. It is opened by the first call that needs it, so a command that asks the kernel
 * nothing pays neither start-up time (0.5 ms) nor memory (200 KB) for it. What differs between platforms stands in one table,
 * `platform.ts`; no struct layout and no constant appears anywhere else.
 */
export { execute, type ExecuteOptions, inheritable, releaseSignals } from "./execute.ts";
export { isHungUp } from "./hang_up.ts";
export { type ChildStatus, reapChild, reapChildren } from "./reap.ts";
export { tryLockExclusive } from "./lock.ts";
export { redirect } from "./redirect.ts";
export { type Credentials, peerCredentials } from "./peer.ts";
export { effectiveUserId } from "./user.ts";
