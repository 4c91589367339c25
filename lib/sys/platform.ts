import { CellError } from "../base/mod.ts";

/** How a platform is asked who is at the other end of a Unix socket. */
export type PeerQuery =
  /** `getsockopt(SO_PEERCRED)` fills `struct ucred { pid_t pid; uid_t uid; gid_t gid; }`, 32 bits each (unix(7)). */
  | { kind: "ucred"; level: number; option: number }
  /** `getpeereid` gives the user and `getsockopt(LOCAL_PEERPID)` the process (unix(4), sys/un.h). */
  | { kind: "peereid"; level: number; pidOption: number };

/** What differs between the platforms that a binary is built for. */
export interface Platform {
  /** Tried in order until one opens. */
  libraries: readonly string[];
  /** The function that gives the address of this thread's errno. */
  errnoLocation: "__errno_location" | "__error";
  peerQuery: PeerQuery;
  /** `SIG_BLOCK` and `SIG_UNBLOCK` of pthread_sigmask(3). */
  signalMask: { block: number; unblock: number };
}

const UCRED: PeerQuery = { kind: "ucred", level: 1, /* SOL_SOCKET */ option: 17 /* SO_PEERCRED */ };

const PLATFORMS: { [platform: string]: Platform } = {
  linux: {
    libraries: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"],
    errnoLocation: "__errno_location",
    peerQuery: UCRED,
    signalMask: { block: 0, unblock: 1 },
  },
  darwin: {
    libraries: ["/usr/lib/libSystem.B.dylib"],
    errnoLocation: "__error",
    peerQuery: { kind: "peereid", level: 0, /* SOL_LOCAL */ pidOption: 2 /* LOCAL_PEERPID */ },
    signalMask: { block: 1, unblock: 2 },
  },
};

/** `LOCK_EX | LOCK_NB` of flock(2): the same on every platform. */
export const LOCK_EXCLUSIVE_NOW = 2 | 4;

/** `WNOHANG` of waitpid(2): the same on every platform. */
export const WAIT_NOT = 1;

/** `POLLERR` and `POLLHUP` of poll(2): the same on every platform. */
export const POLL_FAILED = 0x08;
export const POLL_HUNG_UP = 0x10;

/** `SIG_IGN` of signal(2): the same on every platform. */
export const SIGNAL_IGNORED = 1;

/** Room for the `sigset_t` of any platform; signal n is bit n - 1, counted from the first byte's lowest. */
export const SIGNAL_SET_BYTES_MAX = 128;

/** Room for the `struct sigaction` of any platform: the largest has 152 bytes. */
export const SIGNAL_ACTION_BYTES_MAX = 256;

/** This machine's row of the table. Throws UNIMPLEMENTED on a platform without one. */
export function currentPlatform(): Platform {
  const platform = PLATFORMS[process.platform];
  if (platform === undefined) {
    throw new CellError(
      "UNIMPLEMENTED",
      `system calls on ${process.platform}: expected one of ${Object.keys(PLATFORMS).join(", ")}`,
    );
  }
  return platform;
}
