import { closeSync } from "node:fs";
import { CellError, MS, SECOND } from "../base/mod.ts";
import { tryLockExclusive } from "../sys/mod.ts";
import { type Holder, holderOf, holdersOf } from "./holders.ts";
import { runDirectory } from "./home.ts";
import { formatInstanceId, type InstanceId } from "./instance_id.ts";
import {
  isAlive,
  isStillThere,
  type NamePaths,
  namePaths,
  openLocked,
  readRecord,
  recordOf,
  removeRemains,
  removeSocket,
  signLock,
} from "./lock.ts";
import { NUCLEUS } from "./names.ts";
import { markProcess } from "./process_mark.ts";
import { TRANSPORTS_OFFERED } from "./transport.ts";

/** Somebody who only looks whether a lock is held has it for some microseconds: this long it is tried again. */
const LOOKERS_MS_MAX = 20 * MS;
/** How long a lock is tried whose signer is not alive: the holder took it this very moment and has yet to sign it. */
const UNSIGNED_MS_MAX = 2 * SECOND;
/** Whoever takes a name looks for instances for `LOOKERS_MS_MAX`; one that has found some is gone well before this. */
const GIVING_WAY_MS_MAX = 500 * MS;
/** Between two looks. The times above are counted in looks: a process that the machine kept from running did not wait. */
const RETRY_MS = 2 * MS;

/** A name that this process holds; it is given up by `release` or by the death of the process. */
export interface Claim {
  /** The service that is served under it. */
  readonly name: string;
  /** What is held: "hello@2" for an instance that was deployed, the service's own name otherwise. */
  readonly instance: string;
  /** Of a deployed instance. */
  readonly number: number | undefined;
  /** Of a deployed instance. */
  readonly origin: InstanceOrigin | undefined;
  /** Where the holder listens. */
  readonly socket: string;
  /** The locked file: a child process that inherits it holds the name too. */
  readonly lockFd: number;
  /** Of the node agent: says in the lock file whether it talks to other machines, so that others need not ask. */
  setOnline(isOnline: boolean): void;
  /** Removes the socket and gives the name up. */
  release(): void;
}

/** What a deployed instance says of itself in its lock file. */
export interface InstanceOrigin {
  /** The fingerprint of its schema. */
  readonly species: string;
  /** Which of the service's releases it runs. */
  readonly release: number;
}

/**
 * Takes a service's name for this process. Of several that try at the same instant exactly one gets it, since the kernel
 * grants the lock. Throws ALREADY_EXISTS, which says who holds the name and what to do, also while instances of the
 * service are deployed: callers would reach now the one, now the others.
 */
export async function claimName(name: string): Promise<Claim> {
  const claim = await take({ service: name, number: undefined });
  const instance = await heldFor(LOOKERS_MS_MAX, () => holdersOf(name).find(({ number }) => number !== undefined));
  if (instance === undefined) return claim;
  claim.release();
  throw new CellError(
    "ALREADY_EXISTS",
    `${name} is deployed here: ${describeHolder(instance)} serves it. Replace what runs with cell swap ${name} FILE, ` +
      "or give this one another name with --name.",
    { data: { service: name } },
  );
}

/**
 * Takes the place of an instance of a deployed service for this process. Throws ALREADY_EXISTS when it is taken, or when
 * somebody serves the whole name by himself.
 */
export async function claimInstance(service: string, number: number, origin: InstanceOrigin): Promise<Claim> {
  const claim = await take({ service, number }, origin);
  // Whoever takes the name at this very instant sees this claim and gives the name up again.
  const holder = await heldFor(GIVING_WAY_MS_MAX, () => holderOf({ service, number: undefined }));
  if (holder === undefined) return claim;
  claim.release();
  throw new CellError(
    "ALREADY_EXISTS",
    `${service} is already served by ${describeHolder(holder)}, outside of the nucleus. Stop that process, ` +
      "or deploy under another name with --name.",
    { data: { service } },
  );
}

/**
 * The claim that the parent process holds and gave to this one as an open file (`stdio` of the child). The parent keeps
 * the name when this process ends, and its pid is the one that others are told: it is the one to stop.
 */
export function inheritClaim(name: string, lockFd: number): Claim {
  const id = { service: name, number: undefined };
  const paths = namePaths(runDirectory(), formatInstanceId(id));
  removeSocket(paths.socket);
  return new HeldClaim(id, paths, lockFd, "inherited", undefined);
}

/**
 * The claim that the program before this one in the same process held: the lock is still open as `lockFd`. Undefined when
 * that is not the lock of `name`.
 */
export function resumeClaim(name: string, lockFd: number): Claim | undefined {
  const id = { service: name, number: undefined };
  const paths = namePaths(runDirectory(), formatInstanceId(id));
  try {
    if (!isStillThere(lockFd, paths.lock) || !tryLockExclusive(lockFd)) return undefined;
  } catch {
    // It is not an open file.
    return undefined;
  }
  return new HeldClaim(id, paths, lockFd, "owned", undefined);
}

class HeldClaim implements Claim {
  readonly name: string;
  readonly instance: string;
  readonly number: number | undefined;
  readonly socket: string;
  #held = true;
  /** The lock names the parent, who is the one to stop; this process is of the instance, too. */
  readonly #unmark: () => void;

  constructor(
    id: InstanceId,
    private readonly paths: NamePaths,
    readonly lockFd: number,
    private readonly holding: "owned" | "inherited",
    readonly origin: InstanceOrigin | undefined,
  ) {
    this.name = id.service;
    this.instance = formatInstanceId(id);
    this.number = id.number;
    this.socket = paths.socket;
    this.#unmark = holding === "inherited" ? markProcess(this.instance) : () => {};
  }

  setOnline(isOnline: boolean): void {
    if (!this.#held) return;
    const record = readRecord(this.lockFd);
    if (record !== undefined) signLock(this.lockFd, { ...record, network: isOnline });
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    // Somebody may have emptied the directory, and a successor may have taken the name: then it is not ours to remove.
    if (isStillThere(this.lockFd, this.paths.lock)) {
      if (this.holding === "owned") removeRemains(this.paths);
      else removeSocket(this.paths.socket);
    }
    closeSync(this.lockFd);
    this.#unmark();
  }
}

async function take(id: InstanceId, origin?: InstanceOrigin): Promise<Claim> {
  const instance = formatInstanceId(id);
  const paths = namePaths(runDirectory(), instance);
  const lockFd = await lock(id, paths.lock);
  try {
    signLock(lockFd, { pid: process.pid, ...origin, transports: TRANSPORTS_OFFERED });
    removeSocket(paths.socket);
  } catch (error) {
    closeSync(lockFd);
    throw error;
  }
  return new HeldClaim(id, paths, lockFd, "owned", origin);
}

async function lock(id: InstanceId, path: string): Promise<number> {
  for (let lookedForMs = 0;; lookedForMs += RETRY_MS) {
    const fd = openLocked(path, "create");
    if (typeof fd === "number") return fd;
    const pid = recordOf(path)?.pid;
    const isSigned = pid !== undefined && isAlive(pid);
    if (lookedForMs >= (isSigned ? LOOKERS_MS_MAX : UNSIGNED_MS_MAX)) {
      throw alreadyServed(id, isSigned ? pid : undefined);
    }
    await Bun.sleep(RETRY_MS);
  }
}

/**
 * Who is still found after `patienceMs`: whoever only looks, or gives way, is gone by then. A lock whose signer is not alive
 * is held by somebody who looks at what a crash has left, and who may be kept from running meanwhile.
 */
async function heldFor(patienceMs: number, find: () => Holder | undefined): Promise<Holder | undefined> {
  for (let lookedForMs = 0;; lookedForMs += RETRY_MS) {
    const found = find();
    if (found === undefined) return undefined;
    const isSigned = found.pid !== undefined && isAlive(found.pid);
    if (lookedForMs >= (isSigned ? patienceMs : Math.max(patienceMs, UNSIGNED_MS_MAX))) return found;
    await Bun.sleep(RETRY_MS);
  }
}

function alreadyServed(id: InstanceId, pid: number | undefined): CellError {
  const { service, number } = id;
  const who = pid === undefined ? "a process that cannot be seen from here (a container?)" : `pid ${pid}`;
  const advice = number === undefined
    ? service === NUCLEUS
      ? "Talk to that one, or end it with cell down."
      : "Stop it, or give this one another name with --name."
    : "Each number is given to one instance.";
  return new CellError("ALREADY_EXISTS", `${formatInstanceId(id)} is already served by ${who}. ${advice}`, {
    data: { service, ...(pid === undefined ? {} : { pid }) },
  });
}

function describeHolder({ instance, pid }: Holder): string {
  return `${instance}${pid === undefined ? "" : ` (pid ${pid})`}`;
}
