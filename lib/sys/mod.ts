/**
 * The few questions that only the kernel can answer, and what only it can do: who is at the other end of a Unix socket, who
 * holds a lock that dies with its holder, whether anybody reads from a pipe, how a child ended that the runtime did not
 * start, putting another program in the place of this one, giving two processes the same memory, and not hearing of
 * datagrams that did not arrive. Everything else goes through the runtime.
 *
 * Turned down: reading `/proc/net/unix` for the peer (racy, Linux only); lock files with a pid inside (a crash leaves
 * them behind, and pids are used again); `fcntl` locks (any `close` of the same file in the process drops them, which a
 * library may do behind our back). `flock` belongs to the open file: it ends when the last descriptor is closed, which
 * the kernel does for a process that dies in any way.
 *
 * Shared memory. On Linux it is a memfd: a file without a name, so that nothing is left behind by a process that is killed,
 * nothing can be guessed, and no full file system is in the way. The peer opens `/proc/PID/fd/N`, with the pid that the
 * kernel told of the socket's other end; the kernel allows that to the same user only. Turned down: names
 * (`shm_open`), which a kill -9 leaves in /dev/shm for ever, so only where there is nothing else (macOS), and removed as
 * soon as the peer has it; passing the descriptor through the socket (SCM_RIGHTS), because the runtime reads that socket
 * and drops what comes beside the bytes; `pidfd_getfd`, which asks for the right to trace the peer, and that is what Yama
 * takes away from a user's own processes, while opening its files needs the right to read it only.
 *
 * What may go wrong with a mapping does so as a signal and ends the process, so every cause is closed before the first
 * touch. A file that somebody cuts off (SIGBUS): a memfd has its size sealed for ever, and one without the seals is
 * refused; macOS sizes shared memory only once. A page that the kernel has no room for (SIGBUS): allocated first, by a
 * call that can fail. An address that is no longer mapped (SIGSEGV): unmapping is left to the garbage collector, which
 * knows whether a view is left; whoever is done earlier has private zeros put there. The peer's handle names any file at
 * all, so it is looked at before it is opened (a pipe may wait, a device may do things) and once more after.
 *
 * libc is reached through bun:ffi. It is opened by the first call that needs it, so a command that asks the kernel
 * nothing pays neither start-up time (0.5 ms) nor memory (200 KB) for it. What differs between platforms stands in one table,
 * `platform.ts`; no struct layout and no constant appears anywhere else.
 */
export { ignoreDatagramErrors } from "./datagram_errors.ts";
export { drainMicrotasks } from "./microtasks.ts";
export { yieldProcessor } from "./processor.ts";
export type { SharedMemoryKind } from "./platform.ts";
export { createSharedMemory, openSharedMemory, type SharedMemory, type SharedMemoryHandle } from "./shared_memory.ts";
export { execute, type ExecuteOptions, inheritable, releaseSignals } from "./execute.ts";
export { isHungUp } from "./hang_up.ts";
export { type ChildStatus, reapChild, reapChildren } from "./reap.ts";
export { tryLockExclusive } from "./lock.ts";
export { redirect } from "./redirect.ts";
export { type Credentials, peerCredentials } from "./peer.ts";
export { effectiveUserId } from "./user.ts";
