import { CellError, KIB } from "../base/mod.ts";

/** How a platform is asked who is at the other end of a Unix socket. */
export type PeerQuery =
  /** `getsockopt(SO_PEERCRED)` fills `struct ucred { pid_t pid; uid_t uid; gid_t gid; }`, 32 bits each (unix(7)). */
  | { kind: "ucred"; level: number; option: number }
  /** `getpeereid` gives the user and `getsockopt(LOCAL_PEERPID)` the process (unix(4), sys/un.h). */
  | { kind: "peereid"; level: number; pidOption: number };

/** How two processes get the same memory. */
export type SharedMemoryKind =
  /** `memfd_create`: a file without a name, which the peer opens through `/proc`. */
  | "memfd"
  /** `shm_open`: a name until both have mapped it. */
  | "shm_open";

/** What differs in sharing memory. */
export interface MemoryPlatform {
  /** Which kinds there are; the first one is taken unless another one is asked for. */
  kinds: readonly [SharedMemoryKind, ...SharedMemoryKind[]];
  /** Tried in order for `shm_open`, which has a library of its own in a glibc before 2.34. */
  namedLibraries: readonly string[];
  /** Whether `posix_fallocate` is there. Without it the kernel itself keeps room for shared memory. */
  canAllocate: boolean;
  /** The kernel rounds sizes up to a multiple of this: of a page, or of a larger one that another model has. */
  sizeMultipleBytes: number;
  /** The file types that fstat(2) may tell of shared memory, of the bits `S_IFMT`. */
  fileTypes: readonly number[];
  /** `O_RDWR`, and what keeps the opening of a file that is none from waiting or becoming our terminal. */
  openFlags: number;
  /** `O_RDWR | O_CREAT | O_EXCL`. */
  createFlags: number;
  /** `MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE` of mmap(2). */
  replaceFlags: number;
}

/** How the kernel is told to keep errors of datagrams to itself. */
export interface DatagramErrors {
  /** Where this process's descriptors are listed. */
  descriptors: string;
  /** `getsockopt(SO_TYPE)`, and what it says of a datagram socket. */
  type: { level: number; option: number; datagram: number };
  /** `IP_RECVERR` and `IPV6_RECVERR` of ip(7) and ipv6(7). */
  reports: readonly { level: number; option: number }[];
}

/** What differs between the platforms that a binary is built for. */
export interface Platform {
  /** Tried in order until one opens. */
  libraries: readonly string[];
  /** The function that gives the address of this thread's errno. */
  errnoLocation: "__errno_location" | "__error";
  peerQuery: PeerQuery;
  /** `SIG_BLOCK` and `SIG_UNBLOCK` of pthread_sigmask(3). */
  signalMask: { block: number; unblock: number };
  memory: MemoryPlatform;
  /** Undefined where the kernel does not report errors by sockets that are not connected. */
  datagramErrors: DatagramErrors | undefined;
}

const UCRED: PeerQuery = { kind: "ucred", level: 1, /* SOL_SOCKET */ option: 17 /* SO_PEERCRED */ };

/** The C library of glibc, then of musl. */
const LINUX_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"];
const DARWIN_LIBRARIES = ["/usr/lib/libSystem.B.dylib"];

const S_IFREG = 0o100000;

const LINUX_MEMORY: MemoryPlatform = {
  kinds: ["memfd", "shm_open"],
  namedLibraries: [...LINUX_LIBRARIES, "librt.so.1"],
  canAllocate: true,
  sizeMultipleBytes: 1,
  fileTypes: [S_IFREG],
  openFlags: 0o2 | 0o400 | 0o4000 | 0o2000000, // O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC
  createFlags: 0o2 | 0o100 | 0o200,
  replaceFlags: 0x2 | 0x10 | 0x20 | 0x4000,
};

const DARWIN_MEMORY: MemoryPlatform = {
  kinds: ["shm_open"],
  namedLibraries: DARWIN_LIBRARIES,
  canAllocate: false,
  sizeMultipleBytes: 16 * KIB,
  fileTypes: [0, S_IFREG],
  openFlags: 0x2,
  createFlags: 0x2 | 0x200 | 0x800,
  replaceFlags: 0x2 | 0x10 | 0x1000 | 0x40,
};

const PLATFORMS: { [platform: string]: Platform } = {
  linux: {
    libraries: LINUX_LIBRARIES,
    errnoLocation: "__errno_location",
    peerQuery: UCRED,
    signalMask: { block: 0, unblock: 1 },
    memory: LINUX_MEMORY,
    datagramErrors: {
      descriptors: "/proc/self/fd",
      type: { level: 1, /* SOL_SOCKET */ option: 3, /* SO_TYPE */ datagram: 2 /* SOCK_DGRAM */ },
      reports: [{ level: 0, option: 11 }, { level: 41, option: 25 }],
    },
  },
  darwin: {
    libraries: DARWIN_LIBRARIES,
    errnoLocation: "__error",
    peerQuery: { kind: "peereid", level: 0, /* SOL_LOCAL */ pidOption: 2 /* LOCAL_PEERPID */ },
    signalMask: { block: 1, unblock: 2 },
    memory: DARWIN_MEMORY,
    datagramErrors: undefined,
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

/** `PROT_READ | PROT_WRITE` and `MAP_SHARED` of mmap(2): the same on every platform. */
export const PROTECTION_READ_WRITE = 1 | 2;
export const MAP_SHARED = 1;

/** `S_IFMT`, and the bits for everybody but the owner, of a file's mode: the same on every platform. */
export const FILE_TYPE_MASK = 0o170000;
export const OTHERS_MASK = 0o077;

/** `MFD_CLOEXEC | MFD_ALLOW_SEALING` of memfd_create(2), and `MFD_NOEXEC_SEAL`, which kernels before 6.3 refuse. */
export const MEMFD_FLAGS = 1 | 2;
export const MEMFD_NOT_EXECUTABLE = 8;

/** `F_ADD_SEALS` and `F_GET_SEALS` of fcntl(2), which only Linux has. */
export const ADD_SEALS = 1033;
export const GET_SEALS = 1034;
/** `F_SEAL_SEAL`, `F_SEAL_SHRINK`, `F_SEAL_GROW`. */
export const SEAL_SEALS = 1;
export const SEAL_SIZE = 2 | 4;

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
