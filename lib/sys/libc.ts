import { type Errno, openLibrary } from "./library.ts";
import { currentPlatform, type Platform } from "./platform.ts";

/** The functions of libc that are used, with the platform's own among them. */
export interface Libc extends Errno {
  flock(fd: number, operation: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, byteCount: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  dup(fd: number): number;
  dup2(fd: number, target: number): number;
  execve(path: Uint8Array, argv: BigUint64Array, envp: BigUint64Array): number;
  poll(descriptors: Uint8Array, count: number, timeoutMs: number): number;
  sched_yield(): number;
  waitpid(pid: number, status: Uint8Array, options: number): number;
  sigaction(signal: number, action: Uint8Array | null, old: Uint8Array | null): number;
  pthread_sigmask(how: number, set: Uint8Array, old: null): number;
  signal(signal: number, handler: number): number | bigint;
  /** Where a value lies in memory, for tables of pointers: only while somebody holds the value. */
  addressOf(bytes: Uint8Array): bigint;
  /** Only where the platform's peer query asks for it. */
  getpeereid?(fd: number, uid: Uint8Array, gid: Uint8Array): number;
}

let opened: Libc | undefined;

/** libc, opened when it is first asked for. */
export function libc(): Libc {
  return opened ??= open(currentPlatform());
}

function open(platform: Platform): Libc {
  const functions = openLibrary<Omit<Libc, "addressOf">>(platform.libraries, {
    flock: { args: ["int", "int"], returns: "int" },
    getsockopt: { args: ["int", "int", "int", "ptr", "ptr"], returns: "int" },
    setsockopt: { args: ["int", "int", "int", "ptr", "u32"], returns: "int" },
    getsockname: { args: ["int", "ptr", "ptr"], returns: "int" },
    dup: { args: ["int"], returns: "int" },
    dup2: { args: ["int", "int"], returns: "int" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "int" },
    poll: { args: ["ptr", "u64", "int"], returns: "int" },
    sched_yield: { args: [], returns: "int" },
    waitpid: { args: ["int", "ptr", "int"], returns: "int" },
    sigaction: { args: ["int", "ptr", "ptr"], returns: "int" },
    pthread_sigmask: { args: ["int", "ptr", "ptr"], returns: "int" },
    signal: { args: ["int", "ptr"], returns: "ptr" },
    ...(platform.peerQuery.kind === "peereid" && { getpeereid: { args: ["int", "ptr", "ptr"], returns: "int" } }),
  });
  const ffi = require("bun:ffi") as typeof import("bun:ffi");
  return { ...functions, addressOf: (bytes: Uint8Array) => BigInt(ffi.ptr(bytes)) };
}
