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
    return [this.#largest(owner, kind), "full"];
  }

  /**
   * Who has most of a kind, before them who is gone: nobody can call those. Among equals it is `owner` itself: if it could
   * push another below its own number, the two would push each other out in turns for ever.
   */
  #largest(owner: Owner, kind: RecordKind): Owner {
    let largest = owner;
    for (const other of this.owners.values()) {
      if (other === this.own || other[kind] === 0) continue;
      const isFirst = largest === this.own;
      if (isFirst || (other.isAlive === largest.isAlive ? other[kind] > largest[kind] : !other.isAlive)) {
        largest = other;
      }
    }
    return largest;
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
