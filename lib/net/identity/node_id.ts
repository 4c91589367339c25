import { createHash } from "node:crypto";
import { PUBLIC_KEY_BYTES } from "./keys.ts";
import { assert } from "../../base/mod.ts";

/** Which node, or which cluster: 32 lower-case hex digits that are computed from its public key. */
export type NodeId = string;

const NODE_ID_BYTES = 16;
const KEY_ID_BYTES = 20;
const SHORT_LENGTH = 8;
const PATTERN = /^[0-9a-f]{32}$/;

/** The id of whoever holds the key for `publicKey` (raw, 32 bytes): the first 16 bytes of its SHA-256. */
export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return digest(publicKey).toString("hex", 0, NODE_ID_BYTES);
}

/**
 * What certificates call a key (RFC 7093, section 2, method 1): the first 20 bytes of the SHA-256 of the raw public key. It
 * begins with the node id.
 */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return digest(publicKey).subarray(0, KEY_ID_BYTES);
}

/** The node id that a key identifier of a certificate stands for. */
export function nodeIdOfKeyId(keyId: Uint8Array): NodeId {
  return Buffer.from(keyId.buffer, keyId.byteOffset, keyId.length).toString("hex", 0, NODE_ID_BYTES);
}

/** Whether `text` can be a node id or a cluster id. */
export function isNodeId(text: string): text is NodeId {
  return PATTERN.test(text);
}

/** An id as people are shown it: its first eight digits. */
export function shortId(id: NodeId): string {
  return id.slice(0, SHORT_LENGTH);
}

function digest(publicKey: Uint8Array): Buffer {
  assert(publicKey.length === PUBLIC_KEY_BYTES, `a public key has ${PUBLIC_KEY_BYTES} bytes, not ${publicKey.length}`);
  return createHash("sha256").update(publicKey).digest();
}
