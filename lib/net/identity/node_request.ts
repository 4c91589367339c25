import { CellError } from "../../base/mod.ts";
import { type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, signRaw, verifyRaw } from "./keys.ts";
import { assertNodeName } from "./node_name.ts";

const LABEL = Buffer.from("cell node request 1\0");
const NAME_BYTES_MAX = 63;

/** No request is longer. */
export const NODE_REQUEST_BYTES_MAX = PUBLIC_KEY_BYTES + NAME_BYTES_MAX + SIGNATURE_BYTES;

/**
 * What a machine asks to be certified: 32 bytes of public key, the name, and 64 bytes of signature over both, which shows
 * that it has the key. Throws INVALID_ARGUMENT for a name that no node may have.
 */
export function createNodeRequest(key: KeyPair, name: string): Uint8Array {
  assertNodeName(name);
  const content = Buffer.concat([key.publicKey, Buffer.from(name)]);
  return Buffer.concat([content, signRaw(key, Buffer.concat([LABEL, content]))]);
}

/** Reads a request and checks that its sender has the key. Throws INVALID_ARGUMENT. */
export function readNodeRequest(request: Uint8Array): { readonly publicKey: Uint8Array; readonly name: string } {
  const nameEnd = request.length - SIGNATURE_BYTES;
  if (nameEnd <= PUBLIC_KEY_BYTES || request.length > NODE_REQUEST_BYTES_MAX) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading a node's request: expected ${
        PUBLIC_KEY_BYTES + 1 + SIGNATURE_BYTES
      } to ${NODE_REQUEST_BYTES_MAX} bytes, found ${request.length}`,
    );
  }
  const content = request.subarray(0, nameEnd);
  const publicKey = Uint8Array.from(content.subarray(0, PUBLIC_KEY_BYTES));
  if (!verifyRaw(publicKey, Buffer.concat([LABEL, content]), request.subarray(nameEnd))) {
    throw new CellError(
      "INVALID_ARGUMENT",
      "reading a node's request: it is not signed with the key that it wants certified",
    );
  }
  const name = Buffer.from(content.subarray(PUBLIC_KEY_BYTES)).toString("latin1");
  assertNodeName(name);
  return { publicKey, name };
}
