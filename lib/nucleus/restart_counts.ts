import { toCellError } from "../base/mod.ts";
import { formatInstanceId } from "../service/mod.ts";
import type { InstanceView } from "./core/mod.ts";
import type { StateStore } from "./state/mod.ts";

/** Keeps how often instances were started again across the agent's own lives. */
export class RestartCounts {
  /** What is stored, by instance. */
  readonly #stored = new Map<string, number>();

  constructor(private readonly store: StateStore, private readonly log: (line: string) => void) {}

  /** The counts of a service's instances, by number. */
  read(service: string): ReadonlyMap<number, number> {
    const counts = this.store.restarts(service);
    for (const [number, count] of counts) this.#stored.set(formatInstanceId({ service, number }), count);
    return counts;
  }

  /** Stores the counts that have changed. That it fails is no reason to stop what is counted. */
  write(instances: readonly InstanceView[]): void {
    for (const { id, restarts } of instances) {
      const instance = formatInstanceId(id);
      if (restarts === (this.#stored.get(instance) ?? 0)) continue;
      try {
        this.store.setRestarts(id.service, id.number, restarts);
        this.#stored.set(instance, restarts);
      } catch (error) {
        return this.log(`warn: ${instance}: its restarts are not recorded: ${toCellError(error).message}`);
      }
    }
  }

  forget(service: string): void {
    for (const instance of this.#stored.keys()) {
      if (instance.startsWith(`${service}@`)) this.#stored.delete(instance);
    }
  }
}
