import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { CellError } from "../../base/mod.ts";

/** How long a raw Ed25519 public key is (RFC 8032). */
export const PUBLIC_KEY_BYTES = 32;
/** How long an Ed25519 signature is. */
export const SIGNATURE_BYTES = 64;
/** What stands before the raw key in a SubjectPublicKeyInfo (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** A private Ed25519 key and its public half. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Makes a new key. It is in this process's memory only. */
export function createKeyPair(): KeyPair {
  return keyPairOf(generateKeyPairSync("ed25519").privateKey);
}

/** Reads a private key from PKCS#8 PEM. Throws INVALID_ARGUMENT for anything but an Ed25519 key. */
export function readPrivateKey(pem: string): KeyPair {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    // The cause may quote what it could not read, and that may be a key.
    throw new CellError("INVALID_ARGUMENT", `reading a private key: it is not PKCS#8 PEM (${(error as Error).name})`);
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new CellError("INVALID_ARGUMENT", `reading a private key: expected Ed25519, found ${key.asymmetricKeyType}`);
  }
  return keyPairOf(key);
}

/** A private key as PKCS#8 PEM. */
export function privateKeyPem(key: KeyPair): string {
  return key.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** The DER SubjectPublicKeyInfo of a raw public key: what the authority's fingerprint is computed from. */
export function publicKeyInfo(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading a public key: expected ${PUBLIC_KEY_BYTES} bytes, found ${publicKey.length}`,
    );
  }
  return Buffer.concat([SPKI_PREFIX, publicKey]);
}

/** A raw public key for the functions of node:crypto. Throws INVALID_ARGUMENT unless it has 32 bytes. */
export function importPublicKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKeyInfo(publicKey)), format: "der", type: "spki" });
}

/** Signs bytes as they are; whoever calls this has put something in front that says what they mean. */
export function signRaw(key: KeyPair, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, key.privateKey);
}

/** Whether the holder of the key for `publicKey` signed `bytes`. False for a key or signature that can be none. */
export function verifyRaw(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verify(null, bytes, importPublicKey(publicKey), signature);
}

function keyPairOf(privateKey: KeyObject): KeyPair {
  const info = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey, publicKey: new Uint8Array(info.subarray(SPKI_PREFIX.length)) };
}
