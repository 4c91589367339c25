import { closeSync, ftruncateSync } from "node:fs";
import { attempt, errnoName, lastError } from "./errno.ts";
import { MappedMemory } from "./mapped_memory.ts";
import { namedMemoryFunctions } from "./memory_functions.ts";
import { currentPlatform } from "./platform.ts";
import { allocateFile, fileBytes, refusal, verifyOpen } from "./shared_file.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** 128 random bits: nobody guesses them. With the prefix they stay below the 31 bytes that macOS has for a name. */
const NAME_RANDOM_BYTES = 16;
const NAME_PREFIX = "/cell-";
const NAME = /^\/cell-[A-Za-z0-9_-]{22}$/;
const OWNER_READS_AND_WRITES = 0o600;

/**
 * Memory with a name that only its user can open (shm_open(3)). Allocated whole at once, because what has a name lies
 * in a file system that others fill, too. Who is killed before `unlink` leaves the name behind.
 */
export function createNamedMemory(byteCount: number): SharedMemory {
  const name = NAME_PREFIX + randomName();
  const { shm_open, errno } = namedMemoryFunctions();
  const what = `creating ${byteCount} bytes of shared memory`;
  const fd = shm_open(bytesOf(name), currentPlatform().memory.createFlags, OWNER_READS_AND_WRITES);
  if (fd === -1) throw lastError(what, errno());
  try {
    attempt(what, () => ftruncateSync(fd, fileBytes(byteCount)));
    allocateFile(fd, 0, byteCount);
    return mapNamed(name, fd, byteCount);
  } catch (error) {
    unlink(name);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** The memory that a peer has created under a name. */
export function openNamedMemory(name: string, byteCount: number): SharedMemory {
  if (!NAME.test(name)) throw refusal("named shared memory", `${NAME_PREFIX} and 22 characters`, "another name");
  const what = `${name} as shared memory`;
  const { shm_open, errno } = namedMemoryFunctions();
  const fd = shm_open(bytesOf(name), currentPlatform().memory.openFlags);
  if (fd === -1) {
    const error = errnoName(errno());
    throw refusal(what, "memory of that name", error, error === "EACCES" ? "PERMISSION_DENIED" : "FAILED_PRECONDITION");
  }
  try {
    verifyOpen(fd, byteCount, what);
    // Nothing, where the creator did it; a first touch that ends this process, where it did not.
    allocateFile(fd, 0, byteCount);
    return mapNamed(name, fd, byteCount);
  } finally {
    closeSync(fd);
  }
}

function mapNamed(name: string, fd: number, byteCount: number): SharedMemory {
  return new MappedMemory({ handle: { name }, fd, byteCount, keepsFile: false, unlink: () => unlink(name) });
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_RANDOM_BYTES));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** That there is no such name (any more) is fine: the peer may have been faster. */
function unlink(name: string): void {
  namedMemoryFunctions().shm_unlink(bytesOf(name));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}
