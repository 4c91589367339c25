import { assert, CellError } from "../../base/mod.ts";
import { AntiEntropy } from "./anti_entropy.ts";
import { assertOwnEntry, type CatalogEntry, isNodeId, keyOf, type NodeId, type OwnEntry } from "./entry.ts";
import { Intake } from "./intake.ts";
import { Ledger } from "./ledger.ts";
import { type CatalogOptions, validateOptions } from "./options.ts";
import { Publisher } from "./publisher.ts";
import type { CatalogRecord, Signer, Verifier } from "./record.ts";
import { Sweep } from "./sweep.ts";
import { parseSync } from "./sync_message.ts";
import { type CatalogReport, type CatalogStats, Tally } from "./tally.ts";

/** Something to be broadcast; one with the same key that still waits for that is replaced by it. */
export interface Item {
  readonly key: string;
  /** At most `ITEM_BYTES_MAX`. */
  readonly payload: Uint8Array;
}

/** What a catalogue is made from. */
export interface CatalogSetup {
  readonly self: NodeId;
  readonly sign: Signer;
  /** Does not throw, whatever it is given. */
  readonly verify: Verifier;
  /** Milliseconds since 1970 at this start: its versions are above those of the life before. */
  readonly firstVersion: number;
  readonly options?: Partial<CatalogOptions>;
  /** A service's visible entries have changed; told once per input, after it was taken. */
  readonly onChange?: (service: string) => void;
}

/** News of one merge that are broadcast on: a few are what gossip lost, many are a node that joins or a partition's end. */
export const MERGE_NEWS_MAX = 16;
/** What an owner and a record take in memory beside their bytes: measured by `testing/measure.ts`, rounded up. */
const OWNER_BYTES = 1_000;
const RECORD_BYTES = 1_000;

/**
 * Which instances there are, on all nodes: this node's own entries, which it signs and spreads, and everybody else's as
 * they come. Every `nowMs` is the wall clock, in milliseconds since 1970. Bytes from outside may be anything: what is
 * refused is counted, and nothing is thrown.
 */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #tally = new Tally();
  readonly #publisher: Publisher;
  readonly #ledger: Ledger;
  readonly #intake: Intake;
  readonly #antiEntropy: AntiEntropy;
  readonly #sweep: Sweep;
  readonly #onChange: (service: string) => void;

  /** Throws INVALID_ARGUMENT for an option out of its bounds. */
  constructor({ self, sign, verify, firstVersion, options = {}, onChange = () => {} }: CatalogSetup) {
    assert(isNodeId(self), `a node's id has 32 hex digits; "${self}" is none`);
    this.#options = validateOptions(options);
    this.#publisher = new Publisher(self, sign, firstVersion, this.#options);
    this.#ledger = new Ledger(self, this.#publisher, this.#tally, this.#options);
    this.#intake = new Intake(verify, this.#ledger, this.#publisher, this.#tally, this.#options);
    this.#antiEntropy = new AntiEntropy(this.#ledger.store);
    this.#sweep = new Sweep(this.#ledger.store, this.#options);
    this.#onChange = onChange;
  }

  /**
   * Publishes an instance of this node, in place of what was published of it, and gives what to broadcast: nothing where
   * that would say the same, or only another load that is not worth it yet (`loadStep`, `loadIntervalMs`). Throws
   * INVALID_ARGUMENT for what is no entry and RESOURCE_EXHAUSTED where this node has too many.
   */
  put(entry: OwnEntry, nowMs: number): Item[] {
    assertOwnEntry(entry);
    const { own } = this.#ledger.store;
    const held = own.records.get(keyOf(entry.service, entry.instance));
    const { entriesPerOwnerMax } = this.#options;
    if (held?.entry === undefined && own.entries >= entriesPerOwnerMax) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `publishing ${entry.instance} in the catalogue: expected at most ${entriesPerOwnerMax} instances of this node, ` +
          "found one more; stop some of them",
      );
    }
    if (!this.#publisher.isWorthIt(entry, held?.entry, nowMs)) return [];
    return this.#told([this.#ledger.publish(entry, entry, nowMs)]);
  }

  /** Takes an instance of this node away and gives what to broadcast; nothing when there is none. */
  remove(service: string, instance: string, nowMs: number): Item[] {
    const held = this.#ledger.store.own.records.get(keyOf(service, instance));
    if (held?.entry === undefined) return [];
    return this.#told([this.#ledger.publish(held, undefined, nowMs)]);
  }

  /** Takes a broadcast, and gives what to broadcast because of it: the same if it was news, or a correction of ours. */
  receive(payload: Uint8Array, nowMs: number): Item[] {
    const taken = this.#intake.take(payload, nowMs);
    return this.#told(taken === undefined ? [] : [taken.record]);
  }

  /** Begins a round of anti-entropy: what this node holds, for another one's `diff`. */
  digest(): Uint8Array {
    return this.#antiEntropy.digest();
  }

  /** The answer to a message of anti-entropy, after its `merge`; empty when there is nothing to say and the round is over. */
  diff(message: Uint8Array): Uint8Array {
    const parsed = parseSync(message);
    return parsed === undefined ? new Uint8Array(0) : this.#antiEntropy.answer(parsed);
  }

  /** Takes the records in a message of anti-entropy and gives what to broadcast: corrections, and news if they are few. */
  merge(message: Uint8Array, nowMs: number): Item[] {
    const parsed = parseSync(message);
    if (parsed === undefined) this.#intake.refuse("malformed");
    const taken = (parsed?.records ?? []).flatMap((bytes) => this.#intake.take(bytes, nowMs) ?? []);
    const news = taken.filter(({ isCorrection }) => !isCorrection);
    const isFew = news.length <= MERGE_NEWS_MAX;
    return this.#told(taken.filter(({ isCorrection }) => isFew || isCorrection).map(({ record }) => record));
  }

  /** A node is a member and alive, for the first time or again: what is held of it is seen. */
  nodeJoined(node: NodeId, nowMs: number): void {
    const owner = this.#ledger.admit(node, nowMs);
    if (owner !== undefined) this.#ledger.show(owner);
    this.#told([]);
  }

  /** A node has failed: what it has is hidden at once, and forgotten after `ownerGoneMs`. */
  nodeFailed(node: NodeId, nowMs: number): void {
    const owner = this.#ledger.store.owners.get(node);
    if (owner !== undefined) this.#ledger.hide(owner, nowMs);
    this.#told([]);
  }

  /** A node has left: as if it had failed, for it may come back as it was. */
  nodeLeft(node: NodeId, nowMs: number): void {
    this.nodeFailed(node, nowMs);
  }

  /** A node is no member any more and will not be one again: it is forgotten. `verify` has to refuse it from now on. */
  nodeRemoved(node: NodeId, nowMs: number): void {
    this.nodeFailed(node, nowMs);
    const { owners, own } = this.#ledger.store;
    const owner = owners.get(node);
    if (owner !== undefined && owner !== own) this.#ledger.store.drop(owner);
  }

  /** When `tick` has something to do, at the latest. */
  get nextAtMs(): number {
    return Math.min(this.#sweep.nextAtMs, this.#publisher.nextAtMs);
  }

  /** Forgets what is too old, and gives what was held back or has to be said again after the clock was set right. */
  tick(nowMs: number): Item[] {
    this.#sweep.run(nowMs);
    const due = this.#publisher.due(nowMs).map((entry) => this.#ledger.publish(entry, entry, nowMs));
    return this.#told([...due, ...this.#ledger.republishStranded(nowMs)]);
  }

  /** The names of all services with visible entries. */
  services(): string[] {
    return this.#ledger.view.services();
  }

  /** The visible entries of a service, in no order; takes as long as they are many. */
  entries(service: string): CatalogEntry[] {
    return this.#ledger.view.entries(service);
  }

  /** The names of the services that a node has, visible or not; takes as long as its own entries are many. */
  servicesOf(node: NodeId): Set<string> {
    const records = this.#ledger.store.owners.get(node)?.records.values() ?? [];
    return new Set([...records].flatMap(({ entry }) => entry?.service ?? []));
  }

  /** The visible entries whose schema has this fingerprint, in no order. */
  holdersOf(species: string): CatalogEntry[] {
    return this.#ledger.view.holdersOf(species);
  }

  /** All visible entries. */
  all(): CatalogEntry[] {
    return this.#ledger.view.all();
  }

  /** 0 while a service has no visible entries; else a number that differs after every change and never comes again. */
  revision(service: string): number {
    return this.#ledger.view.revision(service);
  }

  /** What somebody should read, each thing of each owner once; at most `REPORTS_MAX` wait. */
  takeReports(): CatalogReport[] {
    return this.#tally.takeReports();
  }

  get stats(): CatalogStats {
    const { owners, entries, tombstones, bytes } = this.#ledger.store;
    return {
      owners: owners.size,
      own: this.#publisher.count,
      entries,
      tombstones,
      visible: this.#ledger.view.size,
      bytes: owners.size * OWNER_BYTES + (entries + tombstones) * RECORD_BYTES + bytes,
      ...this.#tally.counts,
    };
  }

  /** Tells which services have changed, and gives what is to be broadcast. */
  #told(records: readonly CatalogRecord[]): Item[] {
    for (const service of this.#ledger.view.takeChanged()) this.#onChange(service);
    return records.map(({ node, key, bytes }) => ({ key: `${node}/${key}`, payload: bytes }));
  }
}
