import type { InstanceLoad } from "./client/mod.ts";
import type { InstanceView } from "./core/mod.ts";
import { processEntry } from "./process/mod.ts";

/** What callers of the agent want to know of a worker and the core does not, by pid. */
export class WorkerFacts {
  /** Full reports of the last heartbeats. */
  readonly #loads = new Map<number, InstanceLoad>();
  /** When adopted workers began, on the caller's clock. */
  readonly #bornAtMs = new Map<number, number>();

  reported(pid: number, load: InstanceLoad): void {
    this.#loads.set(pid, load);
  }

  /** A worker runs already, nobody here has seen since when. */
  adopted(pid: number, now: number): void {
    this.#bornAtMs.set(pid, now - (processEntry(pid)?.ageMs ?? 0));
  }

  ended(pid: number): void {
    this.#loads.delete(pid);
    this.#bornAtMs.delete(pid);
  }

  loadOf({ pid }: InstanceView): InstanceLoad | null {
    return pid === undefined ? null : this.#loads.get(pid) ?? null;
  }

  /** For how long an instance has been up: an adopted one since its process began. */
  uptimeMs({ pid, upSince }: InstanceView, now: number): number | null {
    if (pid === undefined || upSince === undefined) return null;
    return Math.max(0, now - (this.#bornAtMs.get(pid) ?? upSince));
  }
}
