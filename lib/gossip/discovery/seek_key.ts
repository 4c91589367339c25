import { hkdfSync } from "node:crypto";
import { SealingKey, SECRET_BYTES } from "../seal/mod.ts";

const SALT = new Uint8Array(0);
const SECRET_LABEL = "cell seek secret 1";
const ID_LABEL = "cell seek id 1";

/**
 * What a joining node and the nodes that issued its token have in common (HKDF with SHA-256, RFC 5869): 32 bytes. Those keep
 * it beside what they know of the token; it finds the cluster and joins nothing.
 */
export function seekKeyOf(tokenSecret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", tokenSecret, SALT, SECRET_LABEL, SECRET_BYTES));
}

/** What seeking datagrams are sealed under. Its id says which token it is to those who know that, and nothing to others. */
export function sealingKeyOf(seekKey: Uint8Array): SealingKey {
  const id = Buffer.from(hkdfSync("sha256", seekKey, SALT, ID_LABEL, 4)).readUInt32LE(0);
  return new SealingKey(id, seekKey);
}
