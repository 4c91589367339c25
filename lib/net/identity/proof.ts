import { createHash } from "node:crypto";
import { CERTIFICATE_BYTES_MAX, readCertificate } from "./certificate.ts";
import type { Credentials } from "./credentials.ts";
import type { VerifiedIdentity } from "./identity_uri.ts";
import { SIGNATURE_BYTES, signRaw, verifyRaw } from "./keys.ts";
import { refused } from "./refusal.ts";
import type { Trust } from "./trust.ts";
import { verifyIdentity } from "./verify_identity.ts";

const LABEL = Buffer.from("cell client proof 1\0");

/** No proof is longer. */
export const PROOF_BYTES_MAX = SIGNATURE_BYTES + CERTIFICATE_BYTES_MAX;

/**
 * What a client sends first on a connection whose server is not told by its TLS stack which certificate the client has
 * shown: its signature over the server's certificate and its own, then its own certificate (DER). The server's certificate
 * is the one that the client has verified on this very connection, so nobody can use the proof on another server.
 */
export function proveIdentity({ key, certificate }: Credentials, serverCertificate: Uint8Array): Uint8Array {
  return Buffer.concat([signRaw(key, contentOf(serverCertificate, certificate)), certificate]);
}

/**
 * Who has sent a proof to the server that showed `serverCertificate` (DER) on this connection. Throws UNAUTHENTICATED, as
 * `verifyIdentity` does.
 */
export function verifyProof(
  proof: Uint8Array,
  serverCertificate: Uint8Array,
  trust: Trust,
  nowMs: number,
  peer = "the peer",
): VerifiedIdentity {
  if (proof.length <= SIGNATURE_BYTES || proof.length > PROOF_BYTES_MAX) {
    throw refused(
      peer,
      `expected a proof of ${SIGNATURE_BYTES + 1} to ${PROOF_BYTES_MAX} bytes, found ${proof.length}`,
    );
  }
  const certificate = proof.subarray(SIGNATURE_BYTES);
  const identity = verifyIdentity(certificate, trust, nowMs, peer);
  const content = contentOf(serverCertificate, certificate);
  if (!verifyRaw(readCertificate(certificate).publicKey, content, proof.subarray(0, SIGNATURE_BYTES))) {
    throw refused(
      peer,
      `it has shown the certificate of ${identity.instance} and not proved on this connection that it has its key.`,
    );
  }
  return identity;
}

function contentOf(serverCertificate: Uint8Array, clientCertificate: Uint8Array): Uint8Array {
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  return Buffer.concat([LABEL, hash(serverCertificate), hash(clientCertificate)]);
}
