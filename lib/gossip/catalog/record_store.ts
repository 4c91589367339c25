import type { NodeId } from "./entry.ts";
import type { CatalogOptions } from "./options.ts";
import { kindOf, Owner, type RecordKind } from "./owner.ts";
import type { CatalogRecord } from "./record.ts";

/** What became of a record that was filed. */
export interface Filed {
  /** False when it was itself what had to make way. */
  readonly isKept: boolean;
  /** Which bound made something go. */
  readonly bound: "owner_full" | "full" | undefined;
  /** Records that are no longer there: the previous one, and what made way. */
  readonly dropped: readonly CatalogRecord[];
}

/** The records of all owners, within their bounds. This node's own records never make way for others'. */
export class RecordStore {
  readonly owners = new Map<NodeId, Owner>();
  readonly own: Owner;
  entries = 0;
  tombstones = 0;
  bytes = 0;

  constructor(self: NodeId, private readonly options: CatalogOptions) {
    this.own = new Owner(self, 0);
    this.own.isAlive = true;
    this.owners.set(self, this.own);
  }

  /** The owner with this id, a new one if need be; undefined when there are too many who are alive. */
  admit(id: NodeId, nowMs: number): Owner | undefined {
    const known = this.owners.get(id);
    if (known !== undefined) return known;
    if (this.owners.size >= this.options.ownersMax && !this.#dropLongestGone()) return undefined;
    const owner = new Owner(id, nowMs);
    this.owners.set(id, owner);
    return owner;
  }

  /** Files a record of an owner that is in the store. */
  put(owner: Owner, record: CatalogRecord): Filed {
    const dropped: CatalogRecord[] = [];
    this.#count(owner, () => {
      const previous = owner.put(record);
      if (previous !== undefined) dropped.push(previous);
    });
    const kind = kindOf(record);
    const [victim, bound] = this.#victim(owner, kind);
    if (victim === undefined) return { isKept: true, bound: undefined, dropped };
    const lowest = victim.lowest(kind);
    this.remove(victim, lowest);
    if (lowest === record) return { isKept: false, bound, dropped };
    dropped.push(lowest);
    return { isKept: true, bound, dropped };
  }

  /** Takes a record away, if it is still there. */
  remove(owner: Owner, record: CatalogRecord): void {
    if (owner.records.get(record.key) === record) this.#count(owner, () => owner.remove(record));
  }

  /** Forgets an owner with all that it has. */
  drop(owner: Owner): void {
    this.owners.delete(owner.id);
    this.entries -= owner.entries;
    this.tombstones -= owner.tombstones;
    this.bytes -= owner.bytes;
  }

  /** Who has to give up a record of this kind, now that `owner` has one more, and why. */
  #victim(owner: Owner, kind: RecordKind): [Owner | undefined, Filed["bound"]] {
    const { entriesPerOwnerMax, tombstonesPerOwnerMax, entriesMax, tombstonesMax } = this.options;
    if (owner[kind] > (kind === "entries" ? entriesPerOwnerMax : tombstonesPerOwnerMax)) return [owner, "owner_full"];
    if (this[kind] <= (kind === "entries" ? entriesMax : tombstonesMax)) return [undefined, undefined];
    return [this.#firstToMakeWay(kind), "full"];
  }

  /** Whoever makes way before all others; this node only where there is nobody else. */
  #firstToMakeWay(kind: RecordKind): Owner {
    let first: Owner | undefined;
    for (const owner of this.owners.values()) {
      if (owner === this.own || owner[kind] === 0) continue;
      if (first === undefined || makesWayBefore(owner, first, kind)) first = owner;
    }
    return first ?? this.own;
  }

  #dropLongestGone(): boolean {
    let longest: Owner | undefined;
    for (const owner of this.owners.values()) {
      if (!owner.isAlive && (longest === undefined || owner.goneAtMs < longest.goneAtMs)) longest = owner;
    }
    if (longest !== undefined) this.drop(longest);
    return longest !== undefined;
  }

  #count(owner: Owner, change: () => void): void {
    this.entries -= owner.entries;
    this.tombstones -= owner.tombstones;
    this.bytes -= owner.bytes;
    change();
    this.entries += owner.entries;
    this.tombstones += owner.tombstones;
    this.bytes += owner.bytes;
  }
}

/**
 * Who is gone before who is alive, for nobody can call it; then who has more. Equals are told apart by their ids, the same
 * everywhere: so all keep the same records, and no two push each other out in turns.
 */
function makesWayBefore(one: Owner, other: Owner, kind: RecordKind): boolean {
  if (one.isAlive !== other.isAlive) return !one.isAlive;
  if (one[kind] !== other[kind]) return one[kind] > other[kind];
  return one.id > other.id;
}
