import { createHash, sign, verify, X509Certificate } from "node:crypto";
import {
  type Credentials,
  SIGNATURE_BYTES,
  type Trust,
  type VerifiedIdentity,
  verifyIdentity,
} from "../identity/mod.ts";

/** Differs from every other thing that an instance signs: a client's proof must not pass for a server's endorsement. */
const LABEL = Buffer.from("cell quic server endorsement 1\0");

/**
 * What a listener says whose certificate was renewed since it began to listen: its signature over the certificate that the
 * handshake shows and its current one, then the current one (DER).
 */
export function endorse({ privateKey, certificate }: Credentials, shown: Uint8Array): Uint8Array {
  return Buffer.concat([sign(null, contentOf(shown, certificate), privateKey), certificate]);
}

/**
 * Who a listener is that showed the certificate `shown` in its handshake and endorses it. Throws UNAUTHENTICATED, as
 * `verifyIdentity` does, and undefined when the endorsement is not about that certificate.
 */
export function verifyEndorsement(
  endorsement: Uint8Array,
  shown: Uint8Array,
  trust: Trust,
  nowMs: number,
  peer: string,
): VerifiedIdentity | undefined {
  const certificate = endorsement.subarray(SIGNATURE_BYTES);
  const identity = verifyIdentity(certificate, trust, nowMs, peer);
  const { publicKey } = new X509Certificate(certificate);
  const isSigned = verify(null, contentOf(shown, certificate), publicKey, endorsement.subarray(0, SIGNATURE_BYTES));
  return isSigned ? identity : undefined;
}

function contentOf(shown: Uint8Array, current: Uint8Array): Uint8Array {
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  return Buffer.concat([LABEL, hash(shown), hash(current)]);
}
