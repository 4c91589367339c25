import { randomBytes } from "node:crypto";
import { type ByteReader, type ByteWriter, MalformedError } from "../../base/mod.ts";
import { SECRET_BYTES } from "./sealing_key.ts";

/** A secret that all nodes of a cluster share for a while. */
export interface ClusterKey {
  /** 32 random bits: what a datagram under this key begins with. */
  readonly id: number;
  readonly createdAtMs: number;
  /** 32 random bytes. Never printed, never sent but over an authenticated stream. */
  readonly secret: Uint8Array;
}

/** Bytes of an encoded key: id (4), created (6), secret (32). */
export const CLUSTER_KEY_BYTES = 4 + 6 + SECRET_BYTES;
const TIME_MS_MAX = 2 ** 48 - 1;

/** Makes a key by chance. */
export function createClusterKey(createdAtMs: number): ClusterKey {
  const bytes = randomBytes(4 + SECRET_BYTES);
  return { id: bytes.readUInt32LE(0), createdAtMs, secret: new Uint8Array(bytes.subarray(4)) };
}

/**
 * Which of two keys is sealed under: the later one, and of two of one millisecond the one with the greater bytes, so that
 * nodes that rotated at once agree. Positive when `left` wins.
 */
export function compareKeys(left: ClusterKey, right: ClusterKey): number {
  return left.createdAtMs - right.createdAtMs || left.id - right.id || Buffer.compare(left.secret, right.secret);
}

/** Appends keys behind their number (8 bits). */
export function writeKeys(writer: ByteWriter, keys: readonly ClusterKey[]): void {
  writer.uint8(keys.length);
  for (const { id, createdAtMs, secret } of keys) {
    writer.uint32(id).uint48(Math.min(createdAtMs, TIME_MS_MAX)).raw(secret);
  }
}

/** Reads what `writeKeys` wrote, at most `keysMax`: copies. Throws INVALID_ARGUMENT for anything else. */
export function readKeys(reader: ByteReader, keysMax: number): ClusterKey[] {
  const count = reader.uint8("the number of keys");
  if (count > keysMax) throw new MalformedError(`${count} keys, expected at most ${keysMax}`);
  return Array.from({ length: count }, () => ({
    id: reader.uint32("a key's id"),
    createdAtMs: reader.uint48("a key's time"),
    secret: reader.view(SECRET_BYTES, "a key's secret").slice(),
  }));
}
