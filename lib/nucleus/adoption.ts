import { formatInstanceId, type Holder, holders, parseInstanceId } from "../service/mod.ts";
import type { InstanceId } from "./core/mod.ts";
import { findLeftovers, killOrphans, mayBeWorkerOf, seeOff } from "./process/mod.ts";

/** A worker that runs and that nobody looks after. */
export interface FoundWorker {
  readonly id: InstanceId;
  readonly release: number;
  /** Undefined until it has read its package. */
  readonly species: string | undefined;
  readonly pid: number;
}

/** What runs of an agent that is gone. */
export interface Found {
  /** To be looked after. */
  readonly workers: readonly FoundWorker[];
  /** The end of those that finish their last calls. */
  readonly leaving: readonly Promise<void>[];
}

/**
 * Finds the workers that an agent before this one has left running: those that hold an instance's name, and those that
 * are on their way to it. What has lost its worker is ended; workers that have given their name up and finish their calls
 * are left alone until they have had their time.
 */
export function findWorkers(home: string, startingMsMax: number): Found {
  const holding = holders().flatMap(workerOf);
  const { workers, orphans } = findLeftovers(home, new Set(holding.map(({ pid }) => pid)));
  killOrphans(orphans);
  const found = new Map(holding.map((worker) => [formatInstanceId(worker.id), worker]));
  const leaving: Promise<void>[] = [];
  for (const worker of workers) {
    const id = parseInstanceId(worker.instance);
    if (id?.number === undefined) continue;
    // A worker without a name is young when it has yet to take it. An older one has given it up.
    const isStarting = worker.ageMs < startingMsMax && !found.has(worker.instance);
    if (!isStarting) leaving.push(seeOff(worker));
    else found.set(worker.instance, { id: { ...id, number: id.number }, species: undefined, ...worker });
  }
  return { workers: [...found.values()], leaving };
}

/**
 * The worker that holds an instance's name; none for what `cell run` started, and for one that has yet to sign: until
 * then the lock tells the pid of the holder before, which may be anybody's by now.
 */
export function workerOf({ service, instance, number, release, species, pid }: Holder): FoundWorker[] {
  if (number === undefined || release === undefined || pid === undefined || !mayBeWorkerOf(instance, pid)) return [];
  return [{ id: { service, number }, release, species, pid }];
}
