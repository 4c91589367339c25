import { assert, SECOND } from "../../base/mod.ts";
import { keyOf, type NodeId, type OwnEntry, sayTheSame } from "./entry.ts";
import type { CatalogOptions } from "./options.ts";
import { type CatalogRecord, makeRecord, type Signer } from "./record.ts";

/** Corrections in one window: an owner that restarts may find as many old entries as it may have. */
export const CORRECTIONS_MAX = 1_024;
/** Two nodes with one key correct each other without end: this is how fast. */
export const CORRECTIONS_WINDOW_MS = 10 * SECOND;

/** When an instance was published last, and what is held back since. */
interface Pace {
  publishedAtMs: number;
  heldBack: OwnEntry | undefined;
}

/** Makes this node's own records: gives versions, holds back what is not worth a broadcast, and bounds corrections. */
export class Publisher {
  /** By key; one for each own entry at most. */
  readonly #paces = new Map<string, Pace>();
  #heldBack = 0;
  #lastVersion: number;
  #corrections = 0;
  #windowFromMs = -Infinity;

  constructor(
    private readonly self: NodeId,
    private readonly sign: Signer,
    firstVersion: number,
    private readonly options: CatalogOptions,
  ) {
    const isTime = firstVersion >= 1 && firstVersion <= Number.MAX_SAFE_INTEGER;
    assert(isTime, `the first version is milliseconds since 1970, not ${firstVersion}`);
    this.#lastVersion = Math.floor(firstVersion) - 1;
  }

  /** How many instances of this node are published. */
  get count(): number {
    return this.#paces.size;
  }

  /** When `due` gives something; Infinity while nothing is held back. */
  get nextAtMs(): number {
    if (this.#heldBack === 0) return Infinity;
    const waiting = [...this.#paces.values()].filter(({ heldBack }) => heldBack !== undefined);
    return Math.min(...waiting.map(({ publishedAtMs }) => publishedAtMs)) + this.options.loadIntervalMs;
  }

  /** Whether an entry is to be published now, in place of `published`. What it says of the load may wait. */
  isWorthIt(entry: OwnEntry, published: OwnEntry | undefined, nowMs: number): boolean {
    if (published === undefined || !sayTheSame(entry, published)) return true;
    const pace = this.#paces.get(keyOf(entry.service, entry.instance))!;
    this.#holdBack(pace, undefined);
    if (Math.abs(entry.load - published.load) < this.options.loadStep) return false;
    if (this.#isDue(pace, nowMs)) return true;
    this.#holdBack(pace, entry);
    return false;
  }

  /** What was held back and may be published now. */
  due(nowMs: number): OwnEntry[] {
    if (this.#heldBack === 0) return [];
    return [...this.#paces.values()].flatMap((pace) =>
      pace.heldBack !== undefined && this.#isDue(pace, nowMs) ? [pace.heldBack] : []
    );
  }

  /** A signed record with a version above all before; without an entry, a tombstone. */
  make(names: { service: string; instance: string }, entry: OwnEntry | undefined, nowMs: number): CatalogRecord {
    if (this.isStranded(this.#lastVersion, nowMs)) this.#lastVersion = 0;
    const version = Math.max(this.#lastVersion + 1, Math.floor(nowMs));
    const record = makeRecord(this.self, version, names, entry, this.sign);
    this.#lastVersion = version;
    this.#remember(record.key, entry !== undefined, nowMs);
    return record;
  }

  /** Whether nobody takes this version: the clock was wrong when it was made, and has been set right since. */
  isStranded(version: number, nowMs: number): boolean {
    return version > nowMs + this.options.versionAheadMsMax;
  }

  /** Somebody holds this version of a record of ours: the next ones are above it. */
  sawVersion(version: number): void {
    this.#lastVersion = Math.max(this.#lastVersion, version);
  }

  /** Whether another correction may be made; counts it. */
  mayCorrect(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#windowFromMs;
    if (elapsedMs >= CORRECTIONS_WINDOW_MS || elapsedMs < 0) {
      this.#windowFromMs = nowMs;
      this.#corrections = 0;
    }
    if (this.#corrections >= CORRECTIONS_MAX) return false;
    this.#corrections++;
    return true;
  }

  #remember(key: string, isThere: boolean, nowMs: number): void {
    const pace = this.#paces.get(key);
    if (pace !== undefined) this.#holdBack(pace, undefined);
    if (isThere) this.#paces.set(key, { publishedAtMs: nowMs, heldBack: undefined });
    else this.#paces.delete(key);
  }

  #holdBack(pace: Pace, entry: OwnEntry | undefined): void {
    this.#heldBack += (entry === undefined ? 0 : 1) - (pace.heldBack === undefined ? 0 : 1);
    pace.heldBack = entry;
  }

  /** A clock that was set back makes it due, or it would be silent until the old time comes again. */
  #isDue({ publishedAtMs }: Pace, nowMs: number): boolean {
    const elapsedMs = nowMs - publishedAtMs;
    return elapsedMs >= this.options.loadIntervalMs || elapsedMs < 0;
  }
}
