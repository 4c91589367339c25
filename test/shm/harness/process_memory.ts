import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

/** Blocks of a file are counted in these, whatever the file system's own are (stat(2)). */
const BLOCK_BYTES = 512;
/** What the kernel calls our shared memory: files without a name, and those of shm_open(3). */
const SHARED = /^\/(?:memfd:cell|dev\/shm\/cell)/;

/** Open descriptors of a process. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

/** Descriptors of shared memory that a process has open. */
export function sharedDescriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`).filter((path) => {
    try {
      return SHARED.test(readlinkSync(path));
    } catch {
      return false;
    }
  });
}

/** How often a process has shared memory mapped. */
export function sharedMappingsOf(pid: number): number {
  return readFileSync(`/proc/${pid}/maps`, "utf8").split("\n").filter((line) =>
    SHARED.test(line.slice(line.indexOf("/")))
  )
    .length;
}

/** Physical memory behind the shared memory that a process has open. */
export function sharedBytesOf(pid: number): number {
  return sharedDescriptorsOf(pid).reduce((sum, path) => {
    try {
      return sum + statSync(path).blocks * BLOCK_BYTES;
    } catch {
      return sum;
    }
  }, 0);
}

/** Names of our shared memory, of whichever process; what other programs leave in /dev/shm for good is theirs. */
export function sharedNames(): string[] {
  return readdirSync("/dev/shm").filter((name) => SHARED.test(`/dev/shm/${name}`)).sort();
}
