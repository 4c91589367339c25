import { Catalog, type CatalogSetup, type Item } from "../catalog.ts";
import type { OwnEntry } from "../entry.ts";
import { type CatalogRecord, makeRecord } from "../record.ts";
import { fakeSigner, fakeVerifier, nodeId } from "./fake_keys.ts";

/** When tests begin: some day in 2026, in milliseconds since 1970. */
export const START_MS = 1_790_000_000_000;

/** An entry with something in every field. */
export function entryOf(instance: string, changes: Partial<OwnEntry> = {}): OwnEntry {
  return {
    service: instance.split("@")[0]!,
    instance,
    species: "a7474d0577529b8c",
    release: 3,
    quicPort: 40_001,
    tlsPort: 40_002,
    load: 0,
    health: "up",
    access: false,
    ...changes,
  };
}

/** A catalogue of the node with this number. */
export function catalogOf(number: number, setup: Partial<CatalogSetup> = {}): Catalog {
  const self = nodeId(number);
  return new Catalog({ self, sign: fakeSigner(self), verify: fakeVerifier(), firstVersion: START_MS, ...setup });
}

/** A record that the node with this number signed; without an entry, a tombstone. */
export function recordOf(number: number, version: number, instance: string, entry?: Partial<OwnEntry>): CatalogRecord {
  const self = nodeId(number);
  const said = entryOf(instance, entry);
  return makeRecord(self, version, said, entry === undefined ? undefined : said, fakeSigner(self));
}

/** What a push/pull between two catalogues moved. */
export interface Round {
  /** Each message's length, the digest's first. */
  readonly messageBytes: readonly number[];
  readonly items: readonly Item[];
}

/** A whole push/pull, begun by `initiator`; throws when it does not end. */
export function pushPull(initiator: Catalog, other: Catalog, nowMs: number, otherNowMs = nowMs): Round {
  const messageBytes: number[] = [];
  const items: Item[] = [];
  let message = initiator.digest();
  let [reader, writer, readerNowMs, writerNowMs] = [other, initiator, otherNowMs, nowMs];
  while (message.length > 0) {
    if (messageBytes.push(message.length) > 4) throw new Error("a fifth message");
    items.push(...reader.merge(message, readerNowMs));
    message = reader.diff(message);
    [reader, writer] = [writer, reader];
    [readerNowMs, writerNowMs] = [writerNowMs, readerNowMs];
  }
  return { messageBytes, items };
}
