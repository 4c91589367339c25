import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import { type ClusterKey, compareKeys, createClusterKey } from "./cluster_key.ts";
import { type KeyRingOptions, validateKeyRingOptions } from "./key_ring_options.ts";
import { SealingKey } from "./sealing_key.ts";

/** How many keys a ring holds: the newest ones. */
export const KEYS_MAX = 4;

const NO_SECRET = new Uint8Array(0);

interface HeldKey {
  readonly key: ClusterKey;
  readonly sealing: SealingKey;
  readonly learnedAtMs: number;
  /** Others seal under it, so this node may. */
  isInUse: boolean;
  /** A revoked node knows it. */
  isRetired: boolean;
  /** When the next newer key came to this ring. */
  supersededAtMs: number | undefined;
}

/**
 * The keys of a cluster as one node knows them. The newest key is sealed under, once it had time to get around; those before
 * it still open what comes, for a grace. A ring forgets by the keys' own times, so a key that has expired everywhere cannot
 * go round again between nodes that forget at different moments.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  /** Newest first, at most KEYS_MAX. */
  #held: HeldKey[] = [];
  /** Keys up to this time are known to a node that was revoked. */
  #retiredUpToMs = 0;
  /** When that was heard of the newest key. */
  #exposedSinceMs = 0;

  constructor(options: Partial<KeyRingOptions> = {}) {
    this.#options = validateKeyRingOptions(options);
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** When the newest key was made that others would take as well; undefined while there is none. */
  newestAtMs(nowMs: number): number | undefined {
    return this.#newest(nowMs)?.key.createdAtMs;
  }

  /** Since when a removed node is known to know the newest key, so that another has to follow; undefined when none does. */
  exposedSinceMs(nowMs: number): number | undefined {
    return this.#newest(nowMs)?.isRetired === true ? this.#exposedSinceMs : undefined;
  }

  /** Makes a key that is newer than all that others would take. */
  rotate(nowMs: number): ClusterKey {
    this.#retiredUpToMs = Math.min(this.#retiredUpToMs, timesEnd(nowMs) - 1);
    const createdAtMs = Math.max(nowMs, (this.newestAtMs(nowMs) ?? 0) + 1, this.#retiredUpToMs + 1);
    const key = createClusterKey(createdAtMs);
    this.#add(key, nowMs);
    return key;
  }

  /** Takes over keys of another node's ring; returns those that are new here. */
  merge(keys: readonly ClusterKey[], nowMs: number): ClusterKey[] {
    this.#forget(nowMs);
    const news = keys.filter((key) => this.#isWelcome(key, nowMs)).sort(compareKeys).slice(-KEYS_MAX);
    return news.filter((key) => this.#add(key, nowMs));
  }

  /** Takes back keys that this node has kept itself: a clock that is wrong at the start must not cost them. */
  restore(keys: readonly ClusterKey[], nowMs: number): void {
    for (const key of [...keys].sort(compareKeys).slice(-KEYS_MAX)) this.#add(key, nowMs);
    this.#forget(nowMs);
  }

  /** What to seal under; undefined while this node has no key. */
  sealing(nowMs: number): SealingKey | undefined {
    const adopted = this.#held.filter((held) => this.#isAdopted(held, nowMs));
    // A ring in which every key is fresh has nothing better than its oldest.
    return (adopted.find((held) => !isFuture(held, nowMs)) ?? adopted[0] ?? this.#held.at(-1))?.sealing;
  }

  /** The key with this id, while what is sealed under it may be opened. */
  opening(id: number, nowMs: number): SealingKey | undefined {
    const held = this.#held.find((candidate) => candidate.key.id === id);
    return held !== undefined && this.#isOpen(held, nowMs) ? held.sealing : undefined;
  }

  /** Whether a key that somebody tells of would be welcome here. */
  lacks({ id, createdAtMs }: Pick<ClusterKey, "id" | "createdAtMs">, nowMs: number): boolean {
    return this.#isWelcome({ id, createdAtMs, secret: NO_SECRET }, nowMs);
  }

  /** A datagram was opened under this key: its sender has begun to seal under it. */
  noteUse(id: number): void {
    for (const held of this.#held) if (held.key.id === id) held.isInUse = true;
  }

  /** Somebody who knows every key up to `revokedAtMs`, and all that are here, is no member any more. */
  retire(revokedAtMs: number, nowMs: number): void {
    this.#retireUpTo(revokedAtMs, nowMs);
    for (const held of this.#held) held.isRetired = true;
  }

  /** What `retire` was told before this ring was made, whose keys may be of before and of after it. */
  recallRemoval(revokedAtMs: number, nowMs: number): void {
    this.#retireUpTo(revokedAtMs, nowMs);
    for (const held of this.#held) held.isRetired ||= held.key.createdAtMs <= this.#retiredUpToMs;
  }

  /** What may be handed to another node of the cluster, newest first. */
  keys(nowMs: number): ClusterKey[] {
    this.#forget(nowMs);
    return this.#held.map(({ key }) => key);
  }

  #retireUpTo(revokedAtMs: number, nowMs: number): void {
    if (this.exposedSinceMs(nowMs) === undefined) this.#exposedSinceMs = nowMs;
    this.#retiredUpToMs = Math.max(this.#retiredUpToMs, Math.min(revokedAtMs, timesEnd(nowMs) - 1));
  }

  /** One from the future was made by a clock that was wrong, and others refuse it; unless it is this clock that is. */
  #newest(nowMs: number): HeldKey | undefined {
    return this.#held.find((held) => !isFuture(held, nowMs)) ?? this.#held[0];
  }

  #add(key: ClusterKey, nowMs: number): boolean {
    const isRetired = key.createdAtMs <= this.#retiredUpToMs;
    const sealing = new SealingKey(key.id, key.secret);
    const held: HeldKey = { key, sealing, learnedAtMs: nowMs, isInUse: false, isRetired, supersededAtMs: undefined };
    const all = [...this.#held, held].sort((left, right) => compareKeys(right.key, left.key));
    for (const older of all.slice(1)) older.supersededAtMs ??= nowMs;
    this.#held = all.slice(0, KEYS_MAX);
    return this.#held.includes(held);
  }

  #isWelcome(key: ClusterKey, nowMs: number): boolean {
    // It would win for ever.
    if (isFuture({ key }, nowMs)) return false;
    // An id names one key: whoever claims another secret for it is wrong or hostile.
    if (this.#held.some((held) => held.key.id === key.id)) return false;
    const successor = this.#held.findLast((held) => compareKeys(held.key, key) > 0);
    const isRetired = key.createdAtMs <= this.#retiredUpToMs;
    return successor === undefined || nowMs < successor.key.createdAtMs + this.#grace(isRetired);
  }

  #isAdopted({ isInUse, learnedAtMs, key }: HeldKey, nowMs: number): boolean {
    return isInUse || nowMs >= Math.min(learnedAtMs, key.createdAtMs) + this.#options.adoptMs;
  }

  /** Clocks differ, so a key that was superseded here just now opens for the short grace whatever the times say. */
  #isOpen(held: HeldKey, nowMs: number): boolean {
    if (held.supersededAtMs === undefined) return true;
    const successor = this.#held[this.#held.indexOf(held) - 1]!;
    const { revokedGraceMs } = this.#options;
    return nowMs <
      Math.max(successor.key.createdAtMs + this.#grace(held.isRetired), held.supersededAtMs + revokedGraceMs);
  }

  #grace(isRetired: boolean): number {
    return isRetired ? this.#options.revokedGraceMs : this.#options.graceMs;
  }

  #forget(nowMs: number): void {
    this.#held = this.#held.filter((held) => this.#isOpen(held, nowMs));
  }
}

/** The latest time that a key may have. */
function timesEnd(nowMs: number): number {
  return nowMs + CLOCK_TOLERANCE_MS;
}

function isFuture({ key }: Pick<HeldKey, "key">, nowMs: number): boolean {
  return key.createdAtMs > timesEnd(nowMs);
}
