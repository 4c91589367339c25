import { createHash, timingSafeEqual } from "node:crypto";
import { CellError } from "../../base/mod.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { KeyUse } from "./certificate_extensions.ts";
import { publicKeyInfo, verifyRaw } from "./keys.ts";
import { type NodeId, nodeIdOf, shortId } from "./node_id.ts";
import { readPem } from "./pem.ts";

/** Which authority is believed, and which of the nodes that it once vouched for no longer are. */
export interface Trust {
  /** The id of the authority's key. */
  readonly clusterId: NodeId;
  readonly authority: Certificate;
  isRevoked(node: NodeId): boolean;
}

/**
 * What is needed to check identities of one cluster. Throws INVALID_ARGUMENT when `authorityPem` is not the certificate of
 * an authority.
 */
export function createTrust(authorityPem: string, isRevoked: (node: NodeId) => boolean = () => false): Trust {
  const [authority, ...more] = readPem(authorityPem, "CERTIFICATE");
  if (authority === undefined || more.length > 0) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading the authority's certificate: expected one, found ${more.length + (authority ? 1 : 0)}`,
    );
  }
  return trustIn(readAuthority(authority), isRevoked);
}

/**
 * Trust in an authority of which nothing but the fingerprint is known, as a join token has it: `authorityDer` came over a
 * connection that proves nothing yet. Throws UNAUTHENTICATED when it is another authority's certificate.
 */
export function createPinnedTrust(authorityDer: Uint8Array, fingerprint: Uint8Array): Trust {
  let authority: Certificate;
  try {
    authority = readAuthority(authorityDer);
  } catch (error) {
    throw new CellError("UNAUTHENTICATED", `checking the cluster's authority: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const found = fingerprintOf(authority.publicKey);
  if (found.length !== fingerprint.length || !timingSafeEqual(found, fingerprint)) {
    throw new CellError(
      "UNAUTHENTICATED",
      `checking the cluster's authority: the token is for another one than cluster ${
        shortId(nodeIdOf(authority.publicKey))
      }, which ` +
        "answered. Take a token of the cluster to join; if it is the right one, somebody stands in between: do not join.",
    );
  }
  return trustIn(authority, () => false);
}

/** The SHA-256 of the public key in its DER form, as a token carries it. */
export function fingerprintOf(authorityPublicKey: Uint8Array): Uint8Array {
  return createHash("sha256").update(publicKeyInfo(authorityPublicKey)).digest();
}

function trustIn(authority: Certificate, isRevoked: (node: NodeId) => boolean): Trust {
  return { clusterId: nodeIdOf(authority.publicKey), authority, isRevoked };
}

/** Reads a certificate that must be an authority's own. Throws INVALID_ARGUMENT. */
function readAuthority(der: Uint8Array): Certificate {
  const authority = readCertificate(der);
  const { isIssuer, pathLength, keyUse } = authority;
  if (!isIssuer || pathLength === 0 || (keyUse & KeyUse.CERTIFICATE_SIGN) === 0) {
    throw new CellError("INVALID_ARGUMENT", "reading the authority's certificate: it may not vouch for nodes");
  }
  const isSelfSigned = Buffer.compare(authority.issuer, authority.subject) === 0 &&
    verifyRaw(authority.publicKey, authority.signed, authority.signature);
  if (!isSelfSigned) {
    throw new CellError("INVALID_ARGUMENT", "reading the authority's certificate: it is not signed by itself");
  }
  return authority;
}
