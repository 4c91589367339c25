import type { KeyObject } from "node:crypto";
import { CellError } from "../../base/mod.ts";
import type { VerifiedIdentity } from "./identity_uri.ts";
import { createKeyPair, type KeyPair, privateKeyPem } from "./keys.ts";
import type { IssuedInstance } from "./node_identity.ts";
import { readPem } from "./pem.ts";
import { readCertificate } from "./certificate.ts";
import { createTrust, type Trust } from "./trust.ts";
import { verifyIdentity } from "./verify_identity.ts";

/** The key of one instance: made by it, never written down, never sent. */
export type InstanceKey = KeyPair;

/** Makes an instance's key. Its node certifies `publicKey`. */
export function createInstanceKey(): InstanceKey {
  return createKeyPair();
}

/** What an instance shows to others, and what it checks others with. */
export interface Credentials {
  readonly identity: VerifiedIdentity;
  readonly key: InstanceKey;
  readonly privateKey: KeyObject;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** DER of the instance's own certificate. */
  readonly certificate: Uint8Array;
  /** The instance's certificate, then its node's. */
  readonly chainPem: string;
  readonly authorityPem: string;
  readonly notAfterMs: number;
}

/**
 * Puts together what an instance has made and what its node has given it. Throws INVALID_ARGUMENT when the chain is for
 * another key, UNAUTHENTICATED when others would refuse it.
 */
export function createCredentials(
  key: InstanceKey,
  issued: IssuedInstance,
  authorityPem: string,
  nowMs: number,
): Credentials {
  const [certificate] = readPem(issued.chainPem, "CERTIFICATE");
  const trust: Trust = createTrust(authorityPem);
  const identity = verifyIdentity(certificate, trust, nowMs, "this instance");
  const { publicKey, notAfterMs } = readCertificate(certificate ?? new Uint8Array());
  if (Buffer.compare(publicKey, key.publicKey) !== 0) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `taking the certificate of ${identity.instance}: it is not for this instance's key`,
    );
  }
  return {
    identity,
    key,
    privateKey: key.privateKey,
    privateKeyPem: privateKeyPem(key),
    certificate: certificate ?? new Uint8Array(),
    chainPem: issued.chainPem,
    authorityPem,
    notAfterMs,
  };
}
