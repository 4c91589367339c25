import { CellError } from "../base/mod.ts";
import { currentPlatform, type Platform } from "./platform.ts";

/** The functions of libc that are used, with the platform's own among them. */
export interface Libc {
  flock(fd: number, operation: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  /** Only where the platform's peer query asks for it. */
  getpeereid?(fd: number, uid: Uint8Array, gid: Uint8Array): number;
  /** Of the call that was made last. Read it at once: the runtime makes system calls of its own. */
  errno(): number;
}

let opened: Libc | undefined;

/** libc, opened when it is first asked for. */
export function libc(): Libc {
  return opened ??= open(currentPlatform());
}

function open(platform: Platform): Libc {
  // Required here and not imported above, so that nothing is loaded in a process that never asks.
  const ffi = require("bun:ffi") as typeof import("bun:ffi");
  const symbols: Record<string, import("bun:ffi").FFIFunction> = {
    flock: { args: ["int", "int"], returns: "int" },
    getsockopt: { args: ["int", "int", "int", "ptr", "ptr"], returns: "int" },
    [platform.errnoLocation]: { args: [], returns: "ptr" },
    ...(platform.peerQuery.kind === "peereid" && { getpeereid: { args: ["int", "ptr", "ptr"], returns: "int" } }),
  };
  const failures: string[] = [];
  for (const library of platform.libraries) {
    try {
      const functions = ffi.dlopen(library, symbols).symbols;
      const location = functions[platform.errnoLocation] as () => import("bun:ffi").Pointer;
      return { ...functions, errno: () => ffi.read.i32(location(), 0) } as unknown as Libc;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new CellError("UNIMPLEMENTED", `opening libc: none of its names could be loaded: ${failures.join("; ")}`);
}
