import { closeSync, fchmodSync, ftruncateSync, openSync, statSync } from "node:fs";
import { errorCode } from "../base/mod.ts";
import { attempt, errnoName, lastError } from "./errno.ts";
import { MappedMemory } from "./mapped_memory.ts";
import { memoryFunctions } from "./memory_functions.ts";
import type { Credentials } from "./peer.ts";
import { currentPlatform, MEMFD_FLAGS, MEMFD_NOT_EXECUTABLE } from "./platform.ts";
import { isSizeSealed, sealSize } from "./seals.ts";
import { refusal, verifyOpen, verifyStats } from "./shared_file.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** What `/proc` shows behind the descriptor, for who looks for our memory. */
const LABEL = new TextEncoder().encode("cell\0");
const OWNER_READS_AND_WRITES = 0o600;
/** With what to do about it: the client is told, and a reason is short. */
const OTHER_NAMESPACE = "one in another (a container): share it (--pid=container:NAME), or use the Unix socket";

/** Memory without a name (memfd_create(2)): the kernel frees it with the last process that has it. Not allocated yet. */
export function createMemfd(byteCount: number): SharedMemory {
  const fd = newFile();
  return orClose(fd, () => {
    const what = `creating ${byteCount} bytes of shared memory`;
    attempt(what, () => fchmodSync(fd, OWNER_READS_AND_WRITES));
    attempt(what, () => ftruncateSync(fd, byteCount));
    sealSize(fd);
    return new MappedMemory({ handle: { fd }, fd, byteCount, keepsFile: true });
  });
}

/** The memfd that another process of this user has as its descriptor `peerFd`. */
export function openMemfd(peerFd: number, byteCount: number, peer: Credentials): SharedMemory {
  // Processes of another PID namespace have no number here; the kernel says 0.
  const isHere = peer.pid > 0;
  const what = `descriptor ${peerFd} of ${isHere ? `process ${peer.pid}` : "the client"} as shared memory`;
  if (!Number.isInteger(peerFd) || peerFd < 0) throw refusal(what, "the number of a descriptor", `${peerFd}`);
  if (!isHere) throw refusal(what, "a client in this PID namespace", OTHER_NAMESPACE);
  const path = `/proc/${peer.pid}/fd/${peerFd}`;
  verifyStats(reach(what, () => statSync(path)), byteCount, what);
  const fd = reach(what, () => openSync(path, currentPlatform().memory.openFlags));
  return orClose(fd, () => {
    // Again: the descriptor may be another file by now.
    verifyOpen(fd, byteCount, what);
    if (!isSizeSealed(fd)) throw refusal(what, "a memfd whose size is sealed", "one that can be cut off");
    return new MappedMemory({ handle: { fd: peerFd }, fd, byteCount, keepsFile: true });
  });
}

function newFile(): number {
  const { memfd_create, errno } = memoryFunctions();
  let fd = memfd_create(LABEL, MEMFD_FLAGS | MEMFD_NOT_EXECUTABLE);
  // A kernel that does not know the second flag.
  if (fd === -1 && errnoName(errno()) === "EINVAL") fd = memfd_create(LABEL, MEMFD_FLAGS);
  if (fd === -1) throw lastError("creating shared memory", errno());
  return fd;
}

/** Calls what looks at the peer's files: that one of them is not there, or not for us, is the peer's mistake. */
function reach<T>(what: string, systemCall: () => T): T {
  try {
    return systemCall();
  } catch (error) {
    const name = errorCode(error) ?? String(error);
    const isForbidden = name === "EACCES" || name === "EPERM";
    throw refusal(what, "a file that can be opened", name, isForbidden ? "PERMISSION_DENIED" : "FAILED_PRECONDITION");
  }
}

function orClose<T>(fd: number, use: () => T): T {
  try {
    return use();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
