import type { NodeId, OwnEntry } from "./entry.ts";
import type { CatalogOptions } from "./options.ts";
import { kindOf, type Owner } from "./owner.ts";
import type { Publisher } from "./publisher.ts";
import type { CatalogRecord } from "./record.ts";
import { RecordStore } from "./record_store.ts";
import type { Tally } from "./tally.ts";
import { View } from "./view.ts";

/** The records and what is seen of them, which change together. */
export class Ledger {
  readonly store: RecordStore;
  readonly view = new View();

  constructor(
    self: NodeId,
    private readonly publisher: Publisher,
    private readonly tally: Tally,
    private readonly options: CatalogOptions,
  ) {
    this.store = new RecordStore(self, options);
  }

  /** Makes and files a record of this node; without an entry, a tombstone. */
  publish(names: { service: string; instance: string }, entry: OwnEntry | undefined, nowMs: number): CatalogRecord {
    const record = this.publisher.make(names, entry, nowMs);
    this.file(this.store.own, record);
    return record;
  }

  /** Makes those records of this node again that nobody takes, and gives them. */
  republishStranded(nowMs: number): CatalogRecord[] {
    const { own } = this.store;
    const stranded = [...own.records.values()].filter(({ version }) => this.publisher.isStranded(version, nowMs));
    return stranded.flatMap((record) => {
      if (record.entry !== undefined) return [this.publish(record, record.entry, nowMs)];
      this.store.remove(own, record);
      return [];
    });
  }

  /** Files a record and shows what changes by that; false when it was not kept and has ended nothing. */
  file(owner: Owner, record: CatalogRecord): boolean {
    const { isKept, bound, dropped } = this.store.put(owner, record);
    for (const { entry } of dropped) if (entry !== undefined) this.view.remove(entry);
    if (isKept && record.entry !== undefined && owner.isAlive) this.view.add(record.entry);
    if (bound !== undefined && kindOf(record) === "tombstones") this.tally.tombstonesForgotten++;
    else if (bound !== undefined) this.#noteBound(owner.id, bound, isKept);
    return isKept || dropped.length > 0;
  }

  /** The owner with this id; undefined when there are too many to take another one. */
  admit(node: NodeId, nowMs: number): Owner | undefined {
    const owner = this.store.admit(node, nowMs);
    if (owner !== undefined) return owner;
    this.tally.refused.owners_full++;
    const { ownersMax } = this.options;
    const message = `the catalogue has ${ownersMax} nodes and takes no more: ${node} is not in it`;
    this.tally.report(node, "owners_full", message);
    return undefined;
  }

  /** What an owner has is seen. */
  show(owner: Owner): void {
    if (owner.isAlive) return;
    owner.isAlive = true;
    for (const { entry } of owner.records.values()) if (entry !== undefined) this.view.add(entry);
  }

  /** What an owner has is not seen any more, and kept for a while. This node itself is always seen. */
  hide(owner: Owner, nowMs: number): void {
    if (!owner.isAlive || owner === this.store.own) return;
    owner.isAlive = false;
    owner.goneAtMs = nowMs;
    for (const { entry } of owner.records.values()) if (entry !== undefined) this.view.remove(entry);
    if (owner.records.size === 0) this.store.drop(owner);
  }

  #noteBound(node: NodeId, bound: "owner_full" | "full", isKept: boolean): void {
    const { entriesPerOwnerMax, entriesMax } = this.options;
    if (!isKept) this.tally.refused[bound]++;
    const message = bound === "owner_full"
      ? `node ${node} publishes more than ${entriesPerOwnerMax} instances: only its newest are kept`
      : `the catalogue is full with ${entriesMax} instances: of the nodes with the most, only the newest are kept`;
    this.tally.report(node, bound, message);
  }
}
