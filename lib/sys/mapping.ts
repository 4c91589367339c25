import { lastError } from "./errno.ts";
import { type MemoryFunctions, memoryFunctions } from "./memory_functions.ts";
import { currentPlatform, MAP_SHARED, PROTECTION_READ_WRITE } from "./platform.ts";

/** A file's bytes in this process's memory. */
export interface Mapping {
  /** The memory is unmapped when this and every view of it is garbage, and never before: touching it then is a crash. */
  readonly buffer: ArrayBuffer;
  /** Puts private zeros in the place of the file's bytes, so that this process no longer keeps them in memory. */
  detach(): void;
}

/** toArrayBuffer with the two arguments that its declaration leaves out: what is called for garbage, and with what. */
type ToArrayBuffer = (
  address: number,
  offset: number,
  byteCount: number,
  context: number,
  deallocator: number,
) => ArrayBuffer;

/** Maps the first bytes of an open file, which may be closed afterwards. Throws what mmap(2) reports. */
export function map(fd: number, byteCount: number): Mapping {
  const functions = memoryFunctions();
  const address = functions.mmap(null, byteCount, PROTECTION_READ_WRITE, MAP_SHARED, fd, 0);
  if (typeof address !== "number") throw lastError(`mapping ${byteCount} bytes of shared memory`, functions.errno());
  const ffi = require("bun:ffi") as typeof import("bun:ffi");
  const toArrayBuffer = ffi.toArrayBuffer as unknown as ToArrayBuffer;
  return {
    // Calls munmap(address, byteCount): the context, which stands for anything, is its second argument.
    buffer: toArrayBuffer(address, 0, byteCount, byteCount, functions.munmap.ptr),
    detach: () => replace(functions, address, byteCount),
  };
}

/** Where the kernel has no room for another mapping, the old one stays until its buffer is garbage. */
function replace(functions: MemoryFunctions, address: number, byteCount: number): void {
  functions.mmap(address, byteCount, PROTECTION_READ_WRITE, currentPlatform().memory.replaceFlags, -1, 0);
}
