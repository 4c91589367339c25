import { CellError } from "../base/mod.ts";
import { currentPlatform } from "./platform.ts";

/** C functions by name, as bun:ffi describes them. */
export type Signatures = { readonly [name: string]: import("bun:ffi").FFIFunction };

/** Which every opened library has beside its functions. */
export interface Errno {
  /** Of the call that was made last. Read it at once: the runtime makes system calls of its own. */
  errno(): number;
}

/**
 * Opens C functions in the first of `libraries` that has them all. Ask only for what is going to be called together: one
 * that is missing makes them all fail.
 */
export function openLibrary<Functions>(libraries: readonly string[], signatures: Signatures): Functions & Errno {
  // Required here and not imported above, so that nothing is loaded in a process that never asks.
  const ffi = require("bun:ffi") as typeof import("bun:ffi");
  const { errnoLocation } = currentPlatform();
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      const functions = ffi.dlopen(library, { ...signatures, [errnoLocation]: { args: [], returns: "ptr" } }).symbols;
      const location = functions[errnoLocation] as () => import("bun:ffi").Pointer;
      return { ...functions, errno: () => ffi.read.i32(location(), 0) } as unknown as Functions & Errno;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  const names = Object.keys(signatures).join(", ");
  throw new CellError("UNIMPLEMENTED", `opening ${names} of libc: no library has them: ${failures.join("; ")}`);
}
