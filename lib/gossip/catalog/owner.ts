import type { NodeId } from "./entry.ts";
import { type CatalogRecord, isAbove } from "./record.ts";

/** The two kinds of records, which are counted and bounded apart. */
export type RecordKind = "entries" | "tombstones";

/** Which kind a record is. */
export function kindOf({ entry }: CatalogRecord): RecordKind {
  return entry === undefined ? "tombstones" : "entries";
}

/** All records of one node, with their sums. */
export class Owner {
  readonly records = new Map<string, CatalogRecord>();
  entries = 0;
  tombstones = 0;
  /** Of all records. */
  bytes = 0;
  /** The sums of all records' hashes, in either half: two owners with the same records have the same, in any order. */
  hashHigh = 0;
  hashLow = 0;
  /** A member that has neither failed nor left; only then its entries are seen. */
  isAlive = false;

  /** `goneAtMs`: since when it is not alive, or was heard of without being a member. */
  constructor(readonly id: NodeId, public goneAtMs: number) {}

  /** Files a record and gives the one in whose place it is. */
  put(record: CatalogRecord): CatalogRecord | undefined {
    const previous = this.records.get(record.key);
    if (previous !== undefined) this.remove(previous);
    this.records.set(record.key, record);
    this.#count(record, 1);
    return previous;
  }

  remove(record: CatalogRecord): void {
    this.records.delete(record.key);
    this.#count(record, -1);
  }

  /** The record of a kind above which all others of the kind stand; there has to be one. */
  lowest(kind: RecordKind): CatalogRecord {
    let lowest: CatalogRecord | undefined;
    for (const record of this.records.values()) {
      if (kindOf(record) === kind && (lowest === undefined || isAbove(lowest, record))) lowest = record;
    }
    return lowest!;
  }

  #count(record: CatalogRecord, sign: 1 | -1): void {
    this[kindOf(record)] += sign;
    this.bytes += sign * record.bytes.length;
    this.hashHigh = (this.hashHigh + sign * record.hashHigh) >>> 0;
    this.hashLow = (this.hashLow + sign * record.hashLow) >>> 0;
  }
}
