import { MS, SECOND } from "../../base/mod.ts";
import { reapChild } from "../../sys/mod.ts";
import { type InstanceProcess, instanceProcesses, isRunning } from "./process_table.ts";
import { isPassedOn, killGroup, type ProcessIdentity } from "./signal.ts";

/** A worker that has given its name up finishes its calls within this time; see `DRAIN_GRACE_MS` of the workers. */
const FAREWELL_MS_MAX = 12 * SECOND;
const POLL_MS = 100 * MS;

/** What an agent that is gone left behind, apart from the workers that hold a name. */
export interface Leftovers {
  /** Workers without a name: they have yet to take it, or have given it up and finish their calls. */
  readonly workers: readonly WorkerProcess[];
  /** Processes whose worker has died. */
  readonly orphans: readonly InstanceProcess[];
}

/** A worker as its command line describes it. */
export interface WorkerProcess extends InstanceProcess {
  readonly release: number;
}

/**
 * Finds what belongs to instances of this home and to none of the workers in `livePids`. Only a process that carries the
 * home and an instance's name in its environment is ever found, and of those only workers and what is in the session of a
 * worker that is gone: what has made itself a session of its own has left on purpose. A daemon is in a session whose
 * leader has ended, so nothing is touched of instances that have a worker.
 */
export function findLeftovers(home: string, livePids: ReadonlySet<number>): Leftovers {
  const workers: WorkerProcess[] = [];
  const remaining: InstanceProcess[] = [];
  const attended = new Set<string>();
  for (const found of instanceProcesses(home)) {
    if (found.isZombie) continue;
    const release = releaseOf(found);
    if (livePids.has(found.pid)) attended.add(found.instance);
    else if (found.group !== found.pid || release === undefined) remaining.push(found);
    else {
      attended.add(found.instance);
      workers.push({ ...found, release });
    }
  }
  const isOrphan = ({ instance, session }: InstanceProcess) =>
    !attended.has(instance) && !isRunning(session, undefined);
  return { workers, orphans: remaining.filter(isOrphan) };
}

/** Ends orphans at once; they are looked at again first, since pids are used again. */
export function killOrphans(orphans: readonly InstanceProcess[]): void {
  for (const { pid, group, startTicks } of orphans) {
    if (isRunning(pid, startTicks)) killGroup({ pid: group, startTicks: undefined });
  }
}

/** Lets a worker finish its calls, then ends what is left of it. */
export async function seeOff(worker: ProcessIdentity): Promise<void> {
  const startedAt = performance.now();
  while (!isPassedOn(worker) && (reapChild(worker.pid) === "running" || isRunning(worker.pid, worker.startTicks))) {
    if (performance.now() - startedAt > FAREWELL_MS_MAX) killGroup(worker);
    await Bun.sleep(POLL_MS);
  }
  killGroup(worker);
}

/** The release in a worker's command line, which ends in SERVICE NUMBER RELEASE PACKAGE; undefined for another process. */
function releaseOf({ instance, command }: InstanceProcess): number | undefined {
  const [service, number, release = "", sha256 = ""] = command.slice(-4);
  const isWorker = `${service}@${number}` === instance && /^[1-9]\d*$/.test(release) && /^[0-9a-f]{64}$/.test(sha256);
  return isWorker ? Number(release) : undefined;
}
