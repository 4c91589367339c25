import { type Errno, openLibrary } from "./library.ts";
import { currentPlatform } from "./platform.ts";

/** The functions for memory that has a descriptor. Opened apart from the others: few processes share memory. */
export interface MemoryFunctions extends Errno {
  /** Gives the address; a bigint beyond the safe integers is MAP_FAILED. */
  mmap(
    address: number | null,
    byteCount: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ): number | bigint | null;
  readonly munmap: { readonly ptr: number };
  memfd_create(name: Uint8Array, flags: number): number;
  /** Returns the error's number and does not set errno. */
  posix_fallocate(fd: number, offset: number, byteCount: number): number;
  /** Takes a variable number of arguments; on Linux they are passed like others. */
  fcntl(fd: number, command: number, argument: number): number;
}

/** The functions for memory that has a name. */
export interface NamedMemoryFunctions extends Errno {
  shm_open(name: Uint8Array, flags: number, ...mode: readonly number[]): number;
  shm_unlink(name: Uint8Array): number;
}

let memory: MemoryFunctions | undefined;
let named: NamedMemoryFunctions | undefined;

/** Opened when they are first asked for. Those that the platform lacks are undefined. */
export function memoryFunctions(): MemoryFunctions {
  const { libraries, memory: { kinds, canAllocate } } = currentPlatform();
  return memory ??= openLibrary<MemoryFunctions>(libraries, {
    mmap: { args: ["ptr", "u64", "int", "int", "int", "i64"], returns: "ptr" },
    munmap: { args: ["ptr", "u64"], returns: "int" },
    ...(canAllocate && { posix_fallocate: { args: ["int", "i64", "i64"], returns: "int" } }),
    ...(kinds.includes("memfd") && {
      memfd_create: { args: ["ptr", "u32"], returns: "int" },
      fcntl: { args: ["int", "int", "int"], returns: "int" },
    }),
  });
}

/**
 * How often the mode is given to shm_open(3), which is declared with a variable number of arguments on macOS: on its ARM
 * machines those lie on the stack, behind the eight that registers hold. Elsewhere it is the third argument, and the
 * rest is not looked at.
 */
const MODE_COPIES = 7;

/** Opened when they are first asked for. */
export function namedMemoryFunctions(): NamedMemoryFunctions {
  if (named !== undefined) return named;
  const functions = openLibrary<NamedMemoryFunctions>(currentPlatform().memory.namedLibraries, {
    shm_open: { args: ["ptr", "int", ...new Array<"u64">(MODE_COPIES).fill("u64")], returns: "int" },
    shm_unlink: { args: ["ptr"], returns: "int" },
  });
  return named = {
    ...functions,
    shm_open: (name, flags, mode = 0) => functions.shm_open(name, flags, ...new Array(MODE_COPIES).fill(mode)),
  };
}
