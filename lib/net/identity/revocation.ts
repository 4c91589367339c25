import { CellError } from "../../base/mod.ts";
import { type KeyPair, SIGNATURE_BYTES, signRaw, verifyRaw } from "./keys.ts";
import { isNodeId, type NodeId } from "./node_id.ts";

const LABEL = Buffer.from("cell revocation 1\0");
const ID_BYTES = 16;
const TIME_BYTES = 8;
const CONTENT_BYTES = ID_BYTES + ID_BYTES + TIME_BYTES;

/** How long a revocation is: who, by whom, when, and the authority's signature. */
export const REVOCATION_BYTES = CONTENT_BYTES + SIGNATURE_BYTES;

/** That a node is no member of the cluster any more. */
export interface Revocation {
  readonly node: NodeId;
  /** The node at which it was decided: one that holds the authority's key. */
  readonly by: NodeId;
  readonly revokedAtMs: number;
}

/** A revocation as everybody can check it: node id, id of the revoking node, milliseconds since 1970 (64 bits), signature. */
export function encodeRevocation({ node, by, revokedAtMs }: Revocation, authority: KeyPair): Uint8Array {
  if (!isNodeId(node) || !isNodeId(by) || !Number.isSafeInteger(revokedAtMs) || revokedAtMs < 0) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `revoking ${JSON.stringify(node.slice(0, 64))}: expected two node ids and a time`,
    );
  }
  const content = Buffer.alloc(CONTENT_BYTES);
  content.write(node, 0, "hex");
  content.write(by, ID_BYTES, "hex");
  content.writeBigUInt64LE(BigInt(revokedAtMs), 2 * ID_BYTES);
  return Buffer.concat([content, signRaw(authority, Buffer.concat([LABEL, content]))]);
}

/** Reads a revocation; undefined unless the holder of the authority's key has signed it. */
export function readRevocation(bytes: Uint8Array, authorityPublicKey: Uint8Array): Revocation | undefined {
  if (bytes.length !== REVOCATION_BYTES) return undefined;
  const content = Buffer.from(bytes.subarray(0, CONTENT_BYTES));
  if (!verifyRaw(authorityPublicKey, Buffer.concat([LABEL, content]), bytes.subarray(CONTENT_BYTES))) return undefined;
  const revokedAtMs = Number(content.readBigUInt64LE(2 * ID_BYTES));
  if (!Number.isSafeInteger(revokedAtMs)) return undefined;
  return {
    node: content.toString("hex", 0, ID_BYTES),
    by: content.toString("hex", ID_BYTES, 2 * ID_BYTES),
    revokedAtMs,
  };
}
