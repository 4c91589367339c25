import { ByteReader, ByteWriter, MINUTE } from "../base/mod.ts";
import { type ClusterKey, type KeyRing, KEYS_MAX, MESSAGES_PER_KEY_MAX, readKeys, writeKeys } from "./seal/mod.ts";

/** How old the newest key becomes. */
export const KEY_LIFETIME_MS = 24 * 60 * MINUTE;
/** How much longer those wait whose turn it is not, by chance: somebody does it, and few do it at once. */
const OTHERS_WAIT_MS = 60 * MINUTE;
/** How often age is looked at. */
export const KEY_CHECK_MS = MINUTE;
/** How long after a removal the key that follows is waited for; it comes within seconds, unless whoever makes it is gone. */
export const EXPOSED_KEY_MS = MINUTE;
/** The same as OTHERS_WAIT_MS, where somebody who must not may listen. */
const OTHERS_HURRY_MS = 5 * MINUTE;

/** What the need for a new key depends on. */
export interface KeyUse {
  /** Datagrams that this node has sealed under the newest key. */
  readonly sealed: number;
  /** Members that are alive, this one too. */
  readonly live: number;
  /** This node's id is the smallest among them. */
  readonly isFirst: boolean;
}

/** Decides when this node makes a new key for the cluster. */
export class KeyKeeper {
  /** From 0 to below 1: when it is this node's turn. */
  readonly #turn: number;

  constructor(private readonly ring: KeyRing, random: () => number) {
    this.#turn = random();
  }

  /** Whether it is time. Others are taken to send as much as this node. */
  isDue({ sealed, live, isFirst }: KeyUse, nowMs: number): boolean {
    const newestAtMs = this.ring.newestAtMs(nowMs);
    if (newestAtMs === undefined) return false;
    const turn = isFirst ? 0 : this.#turn;
    const exposedMs = nowMs - (this.ring.exposedSinceMs(nowMs) ?? Infinity);
    const isExposed = exposedMs >= EXPOSED_KEY_MS + turn * OTHERS_HURRY_MS;
    const isUsedUp = sealed * live > MESSAGES_PER_KEY_MAX / 2;
    return isExposed || isUsedUp || nowMs - newestAtMs >= KEY_LIFETIME_MS + turn * OTHERS_WAIT_MS;
  }
}

/** Keys as they are kept in a file, and given to a node that joins. */
export function encodeKeys(keys: readonly ClusterKey[]): Uint8Array {
  const writer = new ByteWriter(256);
  writeKeys(writer, keys);
  return writer.finish();
}

/** Reads what `encodeKeys` wrote; nothing is no key. Throws INVALID_ARGUMENT for anything else. */
export function decodeKeys(bytes: Uint8Array): ClusterKey[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const keys = readKeys(reader, KEYS_MAX);
  reader.finish("the keys");
  return keys;
}
