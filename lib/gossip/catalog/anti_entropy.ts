import type { NodeId } from "./entry.ts";
import type { Owner } from "./owner.ts";
import type { CatalogRecord } from "./record.ts";
import type { RecordStore } from "./record_store.ts";
import { type Digest, DIGEST_OWNERS_MAX, NO_NODE, type Outlined, type SyncMessage } from "./sync_message.ts";
import { SyncWriter } from "./sync_writer.ts";

/** Writes a part of an answer; false when it did not fit. */
type Part = () => boolean;

/**
 * Compares what two nodes hold, in at most four messages, each answered by what it makes necessary:
 *
 *     digest   what I have of each owner, as a hash        -> records of owners that you lack, outlines of those that differ
 *     outline  which versions I have of this owner         -> records that you have newer, wants for those that I do
 *     want     these I lack or have older                  -> records
 */
export class AntiEntropy {
  /** Where the next digest begins. */
  #from = NO_NODE;
  /** Answers that were cut so far: the next one begins elsewhere, so that what is refused over there starves nothing. */
  #cuts = 0;

  constructor(private readonly store: RecordStore) {}

  /** A digest of all owners with records, or of the next so many where there are too many for one. */
  digest(): Uint8Array {
    const owners = [...this.store.owners.values()].filter(({ id, records }) => records.size > 0 && id >= this.#from);
    owners.sort((one, other) => one.id < other.id ? -1 : 1);
    const from = this.#from;
    const next = owners[DIGEST_OWNERS_MAX]?.id ?? NO_NODE;
    const writer = new SyncWriter();
    writer.digest(from, next, owners.slice(0, DIGEST_OWNERS_MAX));
    this.#from = next;
    return writer.finish();
  }

  /** What a message makes necessary; empty when that is nothing. */
  answer({ digest, outlines, wants }: SyncMessage): Uint8Array {
    const writer = new SyncWriter();
    const parts = [
      ...(digest === undefined ? [] : this.#answerDigest(digest, writer)),
      ...[...outlines].map(([id, outline]) => () => this.#answerOutline(id, outline, writer)),
      ...[...wants].map(([id, want]) => () => this.#answerWant(id, want, writer)),
    ];
    const start = parts.length === 0 ? 0 : this.#cuts % parts.length;
    for (let index = 0; index < parts.length; index++) {
      if (!parts[(start + index) % parts.length]!()) break;
    }
    if (writer.isCut) this.#cuts++;
    return writer.finish();
  }

  #answerDigest({ from, until, owners: theirs }: Digest, writer: SyncWriter): Part[] {
    const parts: Part[] = [];
    for (const [id, their] of theirs) {
      const mine = this.store.owners.get(id);
      if (mine === undefined || mine.records.size === 0) {
        if (their.isAlive) parts.push(() => writer.outline(id, [], 0));
      } else if (their.isAlive || mine.isAlive) {
        const isSame = mine.hashHigh === their.hashHigh && mine.hashLow === their.hashLow;
        if (!isSame) parts.push(() => writer.outline(id, mine.records.values(), mine.records.size));
      }
    }
    for (const mine of this.store.owners.values()) {
      const isAsked = mine.id >= from && (until === NO_NODE || mine.id < until) && !theirs.has(mine.id);
      if (isAsked && mine.isAlive && mine.records.size > 0) parts.push(() => sendAll(mine, writer));
    }
    return parts;
  }

  #answerOutline(id: NodeId, theirs: ReadonlyMap<number, Outlined>, writer: SyncWriter): boolean {
    const mine = recordsByHash(this.store.owners.get(id));
    const wanted: number[] = [];
    for (const [keyHash, { version, hashHigh, hashLow }] of theirs) {
      const record = mine.get(keyHash);
      const isSame = record?.version === version && record.hashHigh === hashHigh && record.hashLow === hashLow;
      if (!isSame && version >= (record?.version ?? 0)) wanted.push(keyHash);
      const isTheirsAbove = record !== undefined && version > record.version;
      if (isSame || isTheirsAbove) mine.delete(keyHash);
    }
    if (wanted.length > 0 && !writer.want(id, wanted)) return false;
    for (const record of mine.values()) if (!writer.record(record)) return false;
    return true;
  }

  #answerWant(id: NodeId, want: ReadonlySet<number>, writer: SyncWriter): boolean {
    const mine = recordsByHash(this.store.owners.get(id));
    for (const keyHash of want) {
      const record = mine.get(keyHash);
      if (record !== undefined && !writer.record(record)) return false;
    }
    return true;
  }
}

function sendAll({ records }: Owner, writer: SyncWriter): boolean {
  for (const record of records.values()) if (!writer.record(record)) return false;
  return true;
}

function recordsByHash(owner: Owner | undefined): Map<number, CatalogRecord> {
  return new Map([...owner?.records.values() ?? []].map((record) => [record.keyHash, record]));
}
