import { seededRandom } from "../../../base/mod.ts";
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
  const owned = new Uint8Array(16 + bytes.length);
  owned.set(Uint8Array.fromHex(node));
  owned.set(bytes, 16);
  const { high, low } = hash64(owned);
  const random = seededRandom(high ^ low);
  return new Uint8Array(SIGNATURE_BYTES).map(() => Math.floor(random() * 256));
}
