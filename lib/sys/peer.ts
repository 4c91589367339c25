import { assert } from "../base/mod.ts";
import { lastError } from "./errno.ts";
import { libc } from "./libc.ts";
import { currentPlatform } from "./platform.ts";

/** Who the kernel says a process is. */
export interface Credentials {
  readonly uid: number;
  readonly pid: number;
}

/**
 * Who is at the other end of a connected Unix socket: the process that called `connect`, or for the connecting side the
 * one that called `listen`, with the effective user it had then.
 */
export function peerCredentials(fd: number): Credentials {
  const { peerQuery } = currentPlatform();
  if (peerQuery.kind === "ucred") {
    const [pid, uid] = option(fd, peerQuery.level, peerQuery.option, 3);
    return { pid: pid!, uid: uid! };
  }
  const uid = new Uint32Array(1);
  const gid = new Uint32Array(1);
  const { getpeereid } = libc();
  assert(getpeereid !== undefined, "getpeereid is loaded where the platform asks for it");
  if (getpeereid(fd, bytesOf(uid), bytesOf(gid)) !== 0) throw lastError(`asking who is behind file descriptor ${fd}`);
  const [pid] = option(fd, peerQuery.level, peerQuery.pidOption, 1);
  return { pid: pid!, uid: uid[0]! };
}

/** A socket option that is `count` 32-bit numbers. */
function option(fd: number, level: number, name: number, count: number): Uint32Array {
  const value = new Uint32Array(count);
  const length = new Uint32Array([value.byteLength]);
  if (libc().getsockopt(fd, level, name, bytesOf(value), bytesOf(length)) !== 0) {
    throw lastError(`asking who is behind file descriptor ${fd}`);
  }
  return value;
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
