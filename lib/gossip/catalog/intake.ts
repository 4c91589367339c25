import type { Ledger } from "./ledger.ts";
import type { CatalogOptions } from "./options.ts";
import type { Publisher } from "./publisher.ts";
import { type CatalogRecord, decodeRecord, isAbove, isSigned, type Verifier } from "./record.ts";
import type { Refusal, Tally } from "./tally.ts";

/** What came of a record that was taken. */
export interface Taken {
  /** To be broadcast: the record that was news, or the correction of one of ours. */
  readonly record: CatalogRecord;
  readonly isCorrection: boolean;
}

/** Takes records from outside, each of which may be anything. */
export class Intake {
  constructor(
    private readonly verify: Verifier,
    private readonly ledger: Ledger,
    private readonly publisher: Publisher,
    private readonly tally: Tally,
    private readonly options: CatalogOptions,
  ) {}

  /** Takes a record if it says something new. Looks first at what costs least: a signature takes longer than all the rest. */
  take(bytes: Uint8Array, nowMs: number): Taken | undefined {
    const { store } = this.ledger;
    const record = decodeRecord(bytes);
    if (record === undefined) return this.refuse("malformed");
    if (record.version > nowMs + this.options.versionAheadMsMax) return this.refuse("future");
    const held = store.owners.get(record.node)?.records.get(record.key);
    if (this.#isStale(record, held, nowMs)) return this.#skip();
    if (!isSigned(record, this.verify)) return this.refuse("forged");
    if (record.node === store.own.id) return this.#correct(record, held, nowMs);
    if (held?.version === record.version) this.#noteEquivocation(record);
    if (held !== undefined && !isAbove(record, held)) return this.#skip();
    const owner = this.ledger.admit(record.node, nowMs);
    if (owner === undefined || !this.ledger.file(owner, record)) return undefined;
    if (this.#isExpired(record, nowMs)) store.remove(owner, record);
    this.tally.news++;
    return { record, isCorrection: false };
  }

  /** Counts something that was not taken. */
  refuse(reason: Refusal): undefined {
    this.tally.refused[reason]++;
    return undefined;
  }

  /** Whether a record changes nothing: older than what is held, the same, or a tombstone that everybody forgets now. */
  #isStale(record: CatalogRecord, held: CatalogRecord | undefined, nowMs: number): boolean {
    if (held === undefined) return this.#isExpired(record, nowMs);
    if (held.version !== record.version) return held.version > record.version;
    return !isAbove(record, held) && !isAbove(held, record);
  }

  #isExpired({ entry, version }: CatalogRecord, nowMs: number): boolean {
    return entry === undefined && version < nowMs - this.options.tombstoneMs;
  }

  /** Somebody holds a record of this node that it does not: says above its version what is true. */
  #correct(record: CatalogRecord, held: CatalogRecord | undefined, nowMs: number): Taken | undefined {
    this.publisher.sawVersion(record.version);
    if (record.entry === undefined && held?.entry === undefined) {
      if (held === undefined || isAbove(record, held)) this.ledger.file(this.ledger.store.own, record);
      return undefined;
    }
    if (!this.publisher.mayCorrect(nowMs)) return this.refuse("corrected_enough");
    this.tally.corrections++;
    return { record: this.ledger.publish(record, held?.entry, nowMs), isCorrection: true };
  }

  #noteEquivocation({ node, service, instance, version }: CatalogRecord): void {
    this.tally.equivocations++;
    const message =
      `node ${node} has signed two different statements of ${service} ${instance} with version ${version}: ` +
      "it is faulty, or somebody else has its key";
    this.tally.report(node, "equivocation", message);
  }

  #skip(): undefined {
    this.tally.stale++;
    return undefined;
  }
}
