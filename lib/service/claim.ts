import { closeSync, lstatSync, rmSync } from "node:fs";
import { CellError, MS, SECOND } from "../base/mod.ts";
import { errorCode } from "./error_code.ts";
import { runDirectory } from "./home.ts";
import { isAlive, isStillThere, type NamePaths, namePaths, openLocked, signerOf, signLock } from "./lock.ts";
import { assertServiceName } from "./names.ts";

/** Somebody who only looks whether a lock is held has it for some microseconds: this long it is tried again. */
const LOOKERS_MS_MAX = 20 * MS;
/** How long a lock is tried whose signer is not alive: the holder took it this very moment and has yet to sign it. */
const UNSIGNED_MS_MAX = 2 * SECOND;
const RETRY_MS = 2 * MS;

/** A name that this process holds; it is given up by `release` or by the death of the process. */
export interface Claim {
  readonly name: string;
  /** Where the holder listens. */
  readonly socket: string;
  /** The locked file: a child process that inherits it holds the name too. */
  readonly lockFd: number;
  /** Removes the socket and gives the name up. */
  release(): void;
}

/**
 * Takes a service's name for this process. Of several that try at the same instant exactly one gets it, since the kernel
 * grants the lock. Throws ALREADY_EXISTS, which says who holds the name and what to do.
 */
export async function claimName(name: string): Promise<Claim> {
  assertServiceName(name);
  const paths = namePaths(runDirectory(), name);
  const lockFd = await lock(name, paths.lock);
  try {
    signLock(lockFd);
    removeSocket(paths.socket);
  } catch (error) {
    closeSync(lockFd);
    throw error;
  }
  return new HeldClaim(name, paths, lockFd, "owned");
}

/**
 * The claim that the parent process holds and gave to this one as an open file (`stdio` of the child). The parent keeps
 * the name when this process ends, and its pid is the one that others are told: it is the one to stop.
 */
export function inheritClaim(name: string, lockFd: number): Claim {
  assertServiceName(name);
  const paths = namePaths(runDirectory(), name);
  removeSocket(paths.socket);
  return new HeldClaim(name, paths, lockFd, "inherited");
}

/** Removes what the crashed holder of a name left behind. Only for somebody who has the lock. */
export function removeRemains(paths: NamePaths): void {
  removeSocket(paths.socket);
  rmSync(paths.lock, { force: true });
}

class HeldClaim implements Claim {
  readonly socket: string;
  #held = true;

  constructor(
    readonly name: string,
    private readonly paths: NamePaths,
    readonly lockFd: number,
    private readonly origin: "owned" | "inherited",
  ) {
    this.socket = paths.socket;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    // Somebody may have emptied the directory, and a successor may have taken the name: then it is not ours to remove.
    if (isStillThere(this.lockFd, this.paths.lock)) {
      if (this.origin === "owned") removeRemains(this.paths);
      else removeSocket(this.paths.socket);
    }
    closeSync(this.lockFd);
  }
}

async function lock(name: string, path: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const fd = openLocked(path, "create");
    if (typeof fd === "number") return fd;
    const pid = signerOf(path);
    const isSigned = pid !== undefined && isAlive(pid);
    if (performance.now() - startedAt > (isSigned ? LOOKERS_MS_MAX : UNSIGNED_MS_MAX)) {
      throw alreadyServed(name, isSigned ? `pid ${pid}` : "a process that cannot be seen from here (a container?)");
    }
    await Bun.sleep(RETRY_MS);
  }
}

function alreadyServed(name: string, holder: string): CellError {
  return new CellError(
    "ALREADY_EXISTS",
    `${name} is already served by ${holder}. Stop it, or give this one another name with --name.`,
    { data: { service: name } },
  );
}

function removeSocket(path: string): void {
  try {
    if (!lstatSync(path).isSocket()) {
      throw new CellError(
        "FAILED_PRECONDITION",
        `listening at ${path}: something that is not a socket is there. Move it away.`,
      );
    }
    rmSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
