/** A schema's fingerprint; undefined of an instance that has to be asked. */
export type Species = string | undefined;

/** What an instance is a version of. */
export interface Versioned {
  readonly species: Species;
  /** Undefined of an instance that was not deployed. */
  readonly release: number | undefined;
}

/** More facts than this about species and methods are forgotten; they are found out again. */
const MISFITS_MAX = 1_024;

/**
 * The species of `instances` in the order in which a caller wants them: the one that it was compiled against if it runs,
 * then that of the newest release, and so on.
 */
export function speciesInOrder(instances: Iterable<Versioned>, pinned: Species): Species[] {
  const newest = new Map<Species, number>();
  for (const { species, release = 0 } of instances) {
    newest.set(species, Math.max(release, newest.get(species) ?? 0));
  }
  const rank = (species: Species) => (species !== undefined && species === pinned ? Infinity : newest.get(species)!);
  return [...newest.keys()].sort((a, b) => rank(a) === rank(b) ? 0 : rank(b) - rank(a));
}

/** Which methods a caller cannot call on which species. A species is a whole schema's fingerprint: this never changes. */
export class Misfits {
  readonly #known = new Set<string>();

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Remembers that `method` of a species does not fit. An instance whose species is unknown may be another next time. */
  add(species: Species, method: string): void {
    if (species === undefined) return;
    if (this.#known.size >= MISFITS_MAX) this.#known.clear();
    this.#known.add(key(species, method));
  }

  /** Those species on which `method` may fit; undefined stands for what every server answers. */
  fitting(order: readonly Species[], method: string | undefined): Species[] {
    return order.filter((species) =>
      method === undefined || species === undefined || !this.#known.has(key(species, method))
    );
  }
}

function key(species: string, method: string): string {
  return `${species} ${method}`;
}
