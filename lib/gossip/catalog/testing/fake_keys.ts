import { hash64 } from "../content_hash.ts";
import type { NodeId } from "../entry.ts";
import { SIGNATURE_BYTES, type Signer, type Verifier } from "../record.ts";

/** The id of a node in tests: its number, in hex, with digits on both ends. */
export function nodeId(number: number): NodeId {
  return (number + 1).toString(16).padStart(8, "0").padEnd(32, "a");
}

/** A signature that anybody could make, if tests were hostile to themselves: fast, and never right for other bytes. */
export function fakeSigner(node: NodeId): Signer {
  return (bytes) => signature(node, bytes);
}

/** Verifies what `fakeSigner` signed, for the nodes that are known. */
export function fakeVerifier(isKnown: (node: NodeId) => boolean = () => true): Verifier {
  return (node, bytes, given) => {
    if (!isKnown(node)) return false;
    const right = signature(node, bytes);
    return given.length === right.length && right.every((byte, index) => byte === given[index]);
  };
}

function signature(node: NodeId, bytes: Uint8Array): Uint8Array {
  const { high, low } = hash64(bytes);
  const made = new Uint8Array(SIGNATURE_BYTES);
  const view = new DataView(made.buffer);
  made.set(Uint8Array.fromHex(node));
  for (let at = 16; at < SIGNATURE_BYTES; at += 8) {
    view.setUint32(at, high ^ at);
    view.setUint32(at + 4, low);
  }
  return made;
}
