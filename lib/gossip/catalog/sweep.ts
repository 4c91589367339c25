import { SECOND } from "../../base/mod.ts";
import type { CatalogOptions } from "./options.ts";
import type { Owner } from "./owner.ts";
import type { RecordStore } from "./record_store.ts";

/** How often everything is looked through for what is too old. What expires does so in hours. */
export const SWEEP_INTERVAL_MS = 10 * SECOND;

/** Forgets tombstones, and nodes that did not come back. */
export class Sweep {
  /** When there is something to do, at the latest. */
  nextAtMs = 0;

  constructor(private readonly store: RecordStore, private readonly options: CatalogOptions) {}

  run(nowMs: number): void {
    const isSetBack = this.nextAtMs > nowMs + SWEEP_INTERVAL_MS;
    if (nowMs < this.nextAtMs && !isSetBack) return;
    this.nextAtMs = nowMs + SWEEP_INTERVAL_MS;
    for (const owner of this.store.owners.values()) this.#look(owner, nowMs);
  }

  #look(owner: Owner, nowMs: number): void {
    if (!owner.isAlive) {
      owner.goneAtMs = Math.min(owner.goneAtMs, nowMs);
      if (nowMs - owner.goneAtMs >= this.options.ownerGoneMs) return this.store.drop(owner);
    }
    if (owner.tombstones === 0) return;
    const oldest = nowMs - this.options.tombstoneMs;
    for (const record of owner.records.values()) {
      if (record.entry === undefined && record.version < oldest) this.store.remove(owner, record);
    }
  }
}
