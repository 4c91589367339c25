import { assert, CellError } from "../../base/mod.ts";

/** How long a nonce is. */
export const NONCE_BYTES = 32;
/** How long a proof is: HMAC-SHA256 (RFC 2104, FIPS 180-4). */
export const PROOF_BYTES = 32;
/** How long the secret is. */
export const SECRET_BYTES = 32;

/**
 * What each side's proof begins with. They differ, so that nobody can answer one side with what it said itself, and have
 * one length, as the nonces have, so that no two different inputs are the same bytes.
 */
const LABELS = {
  client: "cell shared memory 1: client",
  server: "cell shared memory 1: server",
} as const;

/** The two sides of a connection. */
export type Side = keyof typeof LABELS;

/** What makes this connection different from every other one: bytes by chance, from each side. */
export interface Nonces {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Bytes by chance that were never used. */
export function freshNonce(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/**
 * What shows that `side` has the secret on the connection with these nonces: HMAC-SHA256 with the secret as key, over the
 * side's label, the client's nonce and the server's nonce.
 */
export function prove(side: Side, secret: Uint8Array, nonces: Nonces): Uint8Array {
  if (secret.length !== SECRET_BYTES) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `proving who this is: expected a secret of ${SECRET_BYTES} bytes, found ${secret.length}`,
    );
  }
  assert(nonces.client.length === NONCE_BYTES && nonces.server.length === NONCE_BYTES, "nonces have one length");
  return new Bun.CryptoHasher("sha256", secret).update(LABELS[side]).update(nonces.client).update(nonces.server)
    .digest();
}

/** Whether `proof` is `side`'s. How long that takes says nothing of where a wrong proof differs. */
export function isProof(proof: Uint8Array, side: Side, secret: Uint8Array, nonces: Nonces): boolean {
  // The runtime's global has it: node:crypto takes milliseconds to load.
  return proof.length === PROOF_BYTES && crypto.timingSafeEqual(proof, prove(side, secret, nonces));
}

assert(LABELS.client.length === LABELS.server.length, "labels have one length");
