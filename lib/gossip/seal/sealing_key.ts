import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomFillSync } from "node:crypto";
import { assert } from "../../base/mod.ts";

/** Which key a datagram is sealed under: its first four bytes, chosen by chance with the key. */
export const KEY_ID_BYTES = 4;
/** AES-256. */
export const SECRET_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TEXT_AT = KEY_ID_BYTES + NONCE_BYTES;
/** What sealing adds to the bytes that are sealed. */
export const SEAL_OVERHEAD_BYTES = TEXT_AT + TAG_BYTES;
/**
 * How many datagrams may be sealed under one key: nonces are random, and with 96 bits of them NIST SP 800-38D (8.3) allows
 * 2^32. Two equal nonces then have a probability of 2^-33.
 */
export const MESSAGES_PER_KEY_MAX = 2 ** 32;

const ALGORITHM = "aes-256-gcm";
/** Asking for random bytes costs half of what sealing costs; so they are fetched for many datagrams at once. */
const NONCES_AT_ONCE = 256;
const nonces = new Uint8Array(NONCES_AT_ONCE * NONCE_BYTES);
let nonceAt = nonces.length;

/**
 * A secret that seals and opens datagrams with AES-256-GCM: key id (4) | nonce (12) | ciphertext | tag (16). The key id is
 * authenticated too.
 */
export class SealingKey {
  readonly #key: KeyObject;
  readonly #idBytes: Uint8Array;

  constructor(readonly id: number, secret: Uint8Array) {
    assert(secret.length === SECRET_BYTES, `a secret has ${SECRET_BYTES} bytes, not ${secret.length}`);
    this.#key = createSecretKey(Uint8Array.from(secret));
    this.#idBytes = new Uint8Array(KEY_ID_BYTES);
    new DataView(this.#idBytes.buffer).setUint32(0, id, true);
  }

  seal(text: Uint8Array): Uint8Array {
    const datagram = new Uint8Array(text.length + SEAL_OVERHEAD_BYTES);
    datagram.set(this.#idBytes);
    const nonce = nextNonce();
    datagram.set(nonce, KEY_ID_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#idBytes);
    datagram.set(cipher.update(text), TEXT_AT);
    cipher.final();
    datagram.set(cipher.getAuthTag(), TEXT_AT + text.length);
    return datagram;
  }

  /** What was sealed; undefined for bytes that were not sealed under this key or have been changed since. */
  open(datagram: Uint8Array): Uint8Array | undefined {
    const tagAt = datagram.length - TAG_BYTES;
    if (tagAt < TEXT_AT || keyIdOf(datagram) !== this.id) return undefined;
    const nonce = datagram.subarray(KEY_ID_BYTES, TEXT_AT);
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#idBytes);
    decipher.setAuthTag(datagram.subarray(tagAt));
    const text = decipher.update(datagram.subarray(TEXT_AT, tagAt));
    try {
      decipher.final();
    } catch {
      return undefined; // the tag does not fit: this is how node:crypto says so
    }
    return text;
  }
}

/** The key id that a datagram of at least four bytes begins with. */
export function keyIdOf(datagram: Uint8Array): number {
  return (datagram[0]! | (datagram[1]! << 8) | (datagram[2]! << 16) | (datagram[3]! << 24)) >>> 0;
}

function nextNonce(): Uint8Array {
  if (nonceAt === nonces.length) {
    randomFillSync(nonces);
    nonceAt = 0;
  }
  return nonces.subarray(nonceAt, nonceAt += NONCE_BYTES);
}
