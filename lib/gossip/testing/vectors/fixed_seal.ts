import { createCipheriv } from "node:crypto";

const TAG_BYTES = 16;

/**
 * Seals as `docs/protocol.md` says, with a nonce that is given: key id (4 bytes, little-endian, also authenticated), nonce,
 * ciphertext, tag. Shares nothing with the code that it is a vector for.
 */
export function sealWith(nonce: Uint8Array, keyId: number, secret: Uint8Array, text: Uint8Array): Uint8Array {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(keyId);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(id);
  return Buffer.concat([id, nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Twelve bytes that nobody may use as a nonce for anything but vectors. */
export function nonceOf(number: number): Uint8Array {
  return new Uint8Array(12).fill(number);
}
