import { encodeKeys, KEY_CHECK_MS, KeyKeeper, type KeyUse } from "./key_keeper.ts";
import { type ClusterKey, KeyRing, type KeyRingOptions } from "./seal/mod.ts";

/** What keys a node begins with, and whom it tells of new ones. */
export interface ClusterKeysOptions {
  /** Kept from before; with none this node makes the first key. */
  readonly kept: readonly ClusterKey[];
  /** With none, waits for those of another node instead. */
  readonly waits: boolean;
  readonly keyRing: Partial<KeyRingOptions>;
  random(): number;
  /** Everybody is to know that there is this key; not what it is. */
  announce(key: ClusterKey): void;
  /** All keys, to be kept. */
  onKeys(keys: Uint8Array): void;
}

/** The cluster's keys on this node: told on, kept, and renewed when it is time. */
export class ClusterKeys {
  readonly ring: KeyRing;
  /** When `check` wants to be called, by the steady clock. */
  checkAtMs: number;
  readonly #keeper: KeyKeeper;

  constructor(private readonly options: ClusterKeysOptions, wallMs: number, steadyMs: number) {
    const { kept, waits, keyRing, random, onKeys } = options;
    this.ring = new KeyRing(keyRing);
    this.#keeper = new KeyKeeper(this.ring, random);
    this.checkAtMs = steadyMs + KEY_CHECK_MS;
    this.ring.restore(kept, wallMs);
    if (!this.ring.isEmpty || waits) return;
    this.ring.rotate(wallMs);
    onKeys(encodeKeys(this.ring.keys(wallMs)));
  }

  /** Takes over another node's keys. */
  take(keys: readonly ClusterKey[], wallMs: number): void {
    if (this.ring.merge(keys, wallMs).length > 0) this.#tell(wallMs);
  }

  /** Makes a new key for the cluster. */
  rotate(wallMs: number): void {
    this.ring.rotate(wallMs);
    this.#tell(wallMs);
  }

  /** Rotates when it is time. */
  check(use: KeyUse, wallMs: number, steadyMs: number): void {
    this.checkAtMs = steadyMs + KEY_CHECK_MS;
    if (this.#keeper.isDue(use, wallMs)) this.rotate(wallMs);
  }

  #tell(wallMs: number): void {
    const keys = this.ring.keys(wallMs);
    if (keys[0] !== undefined) this.options.announce(keys[0]);
    this.options.onKeys(encodeKeys(keys));
  }
}
