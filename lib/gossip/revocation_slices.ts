import { type NodeId, type Revocation, REVOCATION_BYTES } from "../net/identity/mod.ts";

const NODE_BYTES = 16;

/** Each of these revocations in the bytes that many came in, so that it can be told on alone. */
export function slicesOf(bytes: Uint8Array, revocations: readonly Revocation[]): Map<NodeId, Uint8Array> {
  const wanted = new Set(revocations.map(({ node }) => node));
  const slices = new Map<NodeId, Uint8Array>();
  for (let at = 0; at + REVOCATION_BYTES <= bytes.length; at += REVOCATION_BYTES) {
    const slice = bytes.slice(at, at + REVOCATION_BYTES);
    const node = Buffer.from(slice.subarray(0, NODE_BYTES)).toString("hex");
    if (wanted.has(node)) slices.set(node, slice);
  }
  return slices;
}
