import { closeSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { existingRunDirectory, runDirectory } from "./home.ts";
import { type InstanceId, parseInstanceId } from "./instance_id.ts";
import { openLocked } from "./lock.ts";

const EXTENSION = "process";

/** A mark of this process, and for how many it stands. */
interface Mark {
  readonly fd: number;
  count: number;
}

const marks = new Map<string, Mark>();

/**
 * Says that this process is one of `instance` although it does not hold the lock that says so: it has given its name up
 * and finishes its calls, or its parent holds the name. The mark, too, is a lock, and ends with the process. Gives what takes
 * it back. Without a mark that can be made, the process is taken for a command.
 */
export function markProcess(instance: string): () => void {
  let isMarked = true;
  const path = join(runDirectory(), `${instance}.${process.pid}.${EXTENSION}`);
  const known = marks.get(path);
  if (known !== undefined) known.count++;
  else {
    const fd = tryLock(path);
    if (fd === undefined) return () => {};
    marks.set(path, { fd, count: 1 });
  }
  return () => {
    if (isMarked) unmark(path);
    isMarked = false;
  };
}

function tryLock(path: string): number | undefined {
  try {
    const fd = openLocked(path, "create");
    return typeof fd === "number" ? fd : undefined;
  } catch {
    // A full disk must not keep anybody from stopping.
    return undefined;
  }
}

function unmark(path: string): void {
  const mark = marks.get(path);
  if (mark === undefined || --mark.count > 0) return;
  marks.delete(path);
  rmSync(path, { force: true });
  closeSync(mark.fd);
}

/** The instance that a live process has marked itself as one of. What a crashed one left behind is removed. */
export function markOf(pid: number): InstanceId | undefined {
  const run = existingRunDirectory();
  if (run === undefined) return undefined;
  const suffix = `.${pid}.${EXTENSION}`;
  for (const name of readdirSync(run)) {
    if (!name.endsWith(suffix)) continue;
    const id = parseInstanceId(name.slice(0, -suffix.length));
    const path = join(run, name);
    const locked = openLocked(path, "leave");
    if (locked === "held" && id !== undefined) return id;
    if (typeof locked !== "number") continue;
    rmSync(path, { force: true });
    closeSync(locked);
  }
  return undefined;
}
