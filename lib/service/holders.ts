import { closeSync, existsSync, readdirSync } from "node:fs";
import { CellError, errorCode } from "../base/mod.ts";
import { existingRunDirectory } from "./home.ts";
import { formatInstanceId, type InstanceId, parseInstanceId } from "./instance_id.ts";
import { type LockRecord, namePaths, openLocked, readRecord, recordOf, removeRemains } from "./lock.ts";
import { markOf } from "./process_mark.ts";

const LOCK_EXTENSION = ".lock";
/** Why a file is no lock of ours: another user's, a directory, a link. */
const FOREIGN: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EISDIR", "ELOOP"]);

/** A live process that holds the name of a service, or of an instance of one, on this machine. */
export interface Holder {
  readonly service: string;
  /** "hello@2" of a deployed instance, "hello" of one that `cell run` started. */
  readonly instance: string;
  /** Of a deployed instance. */
  readonly number: number | undefined;
  /** Of a deployed instance: which of the service's releases it runs. */
  readonly release: number | undefined;
  /** The fingerprint of its schema, of a deployed instance. */
  readonly species: string | undefined;
  /** Undefined in the instant before it has signed. */
  readonly pid: number | undefined;
  readonly socket: string;
  /** Whether connections to it may move into shared memory. */
  readonly sharesMemory: boolean;
  /** Of the node agent: whether it talks to other machines; undefined until it has begun. */
  readonly isOnline: boolean | undefined;
}

/**
 * Everybody who holds a name, sorted by service and number. What crashed holders left behind is removed. A file that is no
 * lock of ours is left out: it is in the way of whoever wants that name, and of nobody else.
 */
export function holders(): Holder[] {
  const run = existingRunDirectory();
  return run === undefined ? [] : heldIn(run, idsIn(run), lookUnlessForeign);
}

/** Those of `holders` that are of one service. */
export function holdersOf(service: string): Holder[] {
  const run = existingRunDirectory();
  return run === undefined ? [] : heldIn(run, idsIn(run).filter((id) => id.service === service));
}

/** Who holds the name that `id` stands for; undefined when nobody does. */
export function holderOf(id: InstanceId): Holder | undefined {
  const run = existingRunDirectory();
  return run === undefined ? undefined : heldIn(run, [id])[0];
}

/** The instance that a process of this machine is one of; undefined of a command, a script and what is no process of ours. */
export function instanceOfProcess(pid: number): InstanceId | undefined {
  const run = existingRunDirectory();
  if (run === undefined) return undefined;
  // Reading what a file says is cheap; whether it is still true is asked of the lock.
  const signed = idsIn(run).filter((id) => recordOf(namePaths(run, formatInstanceId(id)).lock)?.pid === pid);
  const [holder] = heldIn(run, signed, lookUnlessForeign).filter((one) => one.pid === pid);
  return holder === undefined ? markOf(pid) : { service: holder.service, number: holder.number };
}

/** The names of all services that somebody serves here, sorted. */
export function servedNames(): string[] {
  return [...new Set(holders().map(({ service }) => service))];
}

/** Whether the holder has come as far as to listen. */
export function isListening({ socket }: Holder): boolean {
  return existsSync(socket);
}

function idsIn(run: string): InstanceId[] {
  const names = readdirSync(run).filter((file) => file.endsWith(LOCK_EXTENSION));
  return names.flatMap((file) => parseInstanceId(file.slice(0, -LOCK_EXTENSION.length)) ?? []);
}

function heldIn(run: string, ids: InstanceId[], lookAt = look): Holder[] {
  return ids.sort(inOrder).flatMap((id) => lookAt(run, id) ?? []);
}

function lookUnlessForeign(run: string, id: InstanceId): Holder | undefined {
  try {
    return look(run, id);
  } catch (error) {
    if (error instanceof CellError && FOREIGN.has(errorCode(error.cause))) return undefined;
    throw error;
  }
}

function inOrder(a: InstanceId, b: InstanceId): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return (a.number ?? 0) - (b.number ?? 0);
}

/** Who holds a name; undefined when nobody does, and then what a crashed holder left behind is removed. */
function look(run: string, id: InstanceId): Holder | undefined {
  const instance = formatInstanceId(id);
  const paths = namePaths(run, instance);
  let record: LockRecord | undefined;
  const locked = openLocked(paths.lock, "leave", (fd) => record = readRecord(fd));
  if (locked === "missing") return undefined;
  if (locked === "held") {
    const { pid, species, release, transports = [], network: isOnline } = record ?? {};
    const sharesMemory = transports.includes("shm");
    return { ...id, instance, release, species, pid, socket: paths.socket, sharesMemory, isOnline };
  }
  try {
    removeRemains(paths);
  } finally {
    closeSync(locked);
  }
  return undefined;
}
