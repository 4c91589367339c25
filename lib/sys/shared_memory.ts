import { CellError } from "../base/mod.ts";
import { createMemfd, openMemfd } from "./memfd.ts";
import { createNamedMemory, openNamedMemory } from "./named_memory.ts";
import type { Credentials } from "./peer.ts";
import { currentPlatform, type SharedMemoryKind } from "./platform.ts";
import { effectiveUserId } from "./user.ts";

/** How a peer finds memory: the creator's descriptor of it, or its name. */
export type SharedMemoryHandle = { readonly fd: number } | { readonly name: string };

/** Memory that another process can map too. */
export interface SharedMemory {
  /** All of it, zeros at first. It stays mapped as long as this or a view of it is reachable. */
  readonly buffer: ArrayBuffer;
  /** How the peer finds it; no secret. */
  readonly handle: SharedMemoryHandle;
  /**
   * Makes sure that a range has memory behind it, before it is touched. Throws RESOURCE_EXHAUSTED when the kernel has no
   * more, and FAILED_PRECONDITION after `release`.
   */
  allocate(offset: number, byteCount: number): void;
  /** The peer has it mapped, or never will: removes its name, where it has one. Either side may, any number of times. */
  unlink(): void;
  /**
   * This process needs it no longer. Views stay readable and writable, but show zeros and are nobody else's; the peer
   * keeps what it has, and when it has released it as well (or has ended) the kernel has the memory back. Idempotent.
   */
  release(): void;
}

/**
 * Creates memory that other processes of this user can open. `byteCount` is what `openSharedMemory` has to be called with.
 * Throws RESOURCE_EXHAUSTED and what else the kernel reports.
 */
export function createSharedMemory(byteCount: number, kind?: SharedMemoryKind): SharedMemory {
  const chosen = kind ?? currentPlatform().memory.kinds[0];
  requireKind(chosen);
  return chosen === "memfd" ? createMemfd(byteCount) : createNamedMemory(byteCount);
}

/**
 * Maps memory that a peer has created. The handle is the peer's word, so everything is looked at before a byte is: that
 * it is a file of memory of this user, which nobody else may open, of exactly `byteCount` bytes, and for a memfd that
 * nobody can ever cut it off. Throws PERMISSION_DENIED when it or the peer is another user's, FAILED_PRECONDITION when it
 * is something else, and what the kernel reports.
 */
export function openSharedMemory(handle: SharedMemoryHandle, byteCount: number, peer: Credentials): SharedMemory {
  const uid = effectiveUserId();
  if (peer.uid !== uid) {
    throw new CellError(
      "PERMISSION_DENIED",
      `sharing memory with process ${peer.pid}: expected one of user ${uid}, found one of user ${peer.uid}`,
    );
  }
  if ("fd" in handle) {
    requireKind("memfd");
    return openMemfd(handle.fd, byteCount, peer);
  }
  requireKind("shm_open");
  return openNamedMemory(handle.name, byteCount);
}

function requireKind(kind: SharedMemoryKind): void {
  const { kinds } = currentPlatform().memory;
  if (!kinds.includes(kind)) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `sharing memory by ${kind}: expected one of what ${process.platform} has: ${kinds.join(", ")}`,
    );
  }
}
