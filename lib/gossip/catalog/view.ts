import type { CatalogEntry } from "./entry.ts";

/** The visible entries of one service. */
interface Shelf {
  readonly entries: Set<CatalogEntry>;
  /** Of its last change. */
  revision: number;
}

/** The entries that are to be seen, found by service and by species in the time that it takes to read the result. */
export class View {
  readonly #services = new Map<string, Shelf>();
  readonly #species = new Map<string, Set<CatalogEntry>>();
  readonly #changed = new Set<string>();
  #revision = 0;
  /** How many entries are seen. */
  size = 0;

  add(entry: CatalogEntry): void {
    const shelf = this.#services.get(entry.service) ?? { entries: new Set(), revision: 0 };
    if (shelf.entries.has(entry)) return;
    this.#services.set(entry.service, shelf);
    shelf.entries.add(entry);
    const holders = this.#species.get(entry.species) ?? new Set();
    this.#species.set(entry.species, holders.add(entry));
    this.size++;
    this.#touch(entry.service, shelf);
  }

  /** Takes an entry away; one that is not seen is none to take. */
  remove(entry: CatalogEntry): void {
    const shelf = this.#services.get(entry.service);
    if (shelf === undefined || !shelf.entries.delete(entry)) return;
    if (shelf.entries.size === 0) this.#services.delete(entry.service);
    const holders = this.#species.get(entry.species)!;
    holders.delete(entry);
    if (holders.size === 0) this.#species.delete(entry.species);
    this.size--;
    this.#touch(entry.service, shelf);
  }

  services(): string[] {
    return [...this.#services.keys()];
  }

  entries(service: string): CatalogEntry[] {
    return [...this.#services.get(service)?.entries ?? []];
  }

  holdersOf(species: string): CatalogEntry[] {
    return [...this.#species.get(species) ?? []];
  }

  all(): CatalogEntry[] {
    return [...this.#services.values()].flatMap(({ entries }) => [...entries]);
  }

  /** 0 while a service has no entries; else a number that is another one after every change, and never comes again. */
  revision(service: string): number {
    return this.#services.get(service)?.revision ?? 0;
  }

  /** The services that have changed since this was asked last. */
  takeChanged(): string[] {
    if (this.#changed.size === 0) return [];
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #touch(service: string, shelf: Shelf): void {
    shelf.revision = ++this.#revision;
    this.#changed.add(service);
  }
}
