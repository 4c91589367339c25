import type { StateStore, StoredService } from "./state/mod.ts";

/**
 * What is deployed, as the store says, and what has become of it since this program began. Kept in memory: every call that
 * wakes a service asks for it.
 */
export class Catalog {
  readonly #services = new Map<string, StoredService>();
  /** Why the last candidate of a service was given up, until something else is asked for. */
  readonly #failures = new Map<string, string>();
  /** Services of which an instance has answered. */
  readonly #served = new Set<string>();

  constructor(private readonly store: StateStore) {
    for (const service of store.services()) this.#services.set(service.name, service);
  }

  get size(): number {
    return this.#services.size;
  }

  /** By name. */
  all(): StoredService[] {
    return [...this.#services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): StoredService | undefined {
    return this.#services.get(name);
  }

  /** The candidate of a service, if that has this number. */
  hasCandidate(name: string, release?: number): boolean {
    return this.#services.get(name)?.releases.some(({ role, number }) =>
      role === "candidate" && (release === undefined || release === number)
    ) === true;
  }

  /** Reads a service that has just been changed; undefined when it was removed. */
  reload(name: string): StoredService | undefined {
    const service = this.store.service(name);
    this.#failures.delete(name);
    if (service !== undefined) this.#services.set(name, service);
    else {
      this.#services.delete(name);
      this.#served.delete(name);
    }
    return service;
  }

  failed(name: string, reason: string): void {
    this.#failures.set(name, reason);
  }

  failureOf(name: string): string | undefined {
    return this.#failures.get(name);
  }

  /** An instance of a service has answered. */
  hasAnswered(name: string): void {
    this.#served.add(name);
  }

  isKnownToAnswer(name: string): boolean {
    return this.#served.has(name);
  }
}
