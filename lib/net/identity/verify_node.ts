import { type Certificate, readCertificate } from "./certificate.ts";
import { KeyUse } from "./certificate_extensions.ts";
import { parseNodeUri } from "./identity_uri.ts";
import { verifyRaw } from "./keys.ts";
import { keyIdOf, type NodeId, nodeIdOf, nodeIdOfKeyId, shortId } from "./node_id.ts";
import { checkTime, JOIN_AGAIN, refused } from "./refusal.ts";
import type { Trust } from "./trust.ts";

/** A node of the cluster, as its authority vouches for it. */
export interface VerifiedNode {
  readonly id: NodeId;
  /** The name that people gave it. */
  readonly name: string;
  readonly certificate: Certificate;
}

/**
 * Checks the certificate of a node: form, authority, signature, id, time and revocation. `peer` says in errors where it
 * comes from. Throws UNAUTHENTICATED.
 */
export function verifyNode(der: Uint8Array, trust: Trust, nowMs: number, peer: string): VerifiedNode {
  const certificate = readOf(der, "the node's certificate", peer);
  const uri = certificate.uri === undefined ? undefined : parseNodeUri(certificate.uri);
  const { isIssuer, pathLength, keyUse, publicKey } = certificate;
  if (uri === undefined || !isIssuer || pathLength !== 0 || (keyUse & KeyUse.CERTIFICATE_SIGN) === 0) {
    const found = `URI ${quoted(certificate.uri)}, CA ${isIssuer}, path length ${pathLength}`;
    throw refused(
      peer,
      `"${certificate.name}" is no node: expected a certificate that the authority issued to a node, for issuing instances' ` +
        `certificates only; found ${found}. Do not connect.`,
    );
  }
  const id = nodeIdOf(publicKey);
  const what = `the certificate of node ${shortId(id)} (${certificate.name})`;
  if (uri.node !== id) {
    throw refused(peer, `${what} names node ${shortId(uri.node)}, whose key it has not. ${JOIN_AGAIN}`);
  }
  checkAuthority(certificate, uri.cluster, what, trust, peer);
  checkTime(
    trust.authority,
    `the certificate of cluster ${shortId(trust.clusterId)}'s authority`,
    "The cluster needs a new authority.",
    peer,
    nowMs,
  );
  checkTime(certificate, what, JOIN_AGAIN, peer, nowMs);
  if (trust.isRevoked(id)) {
    throw refused(
      peer,
      `node ${shortId(id)} (${certificate.name}) was revoked: nobody in the cluster talks to it. ${JOIN_AGAIN}`,
    );
  }
  return { id, name: certificate.name, certificate };
}

/** Reads a certificate that somebody else sent. */
export function readOf(der: Uint8Array, what: string, peer: string): Certificate {
  try {
    return readCertificate(der);
  } catch (error) {
    throw refused(peer, `${what} is none of a cell: ${(error as Error).message}`, error);
  }
}

function checkAuthority(certificate: Certificate, cluster: NodeId, what: string, trust: Trust, peer: string): void {
  const { authority, clusterId } = trust;
  const issuer = certificate.issuerKeyId === undefined ? "nobody" : shortId(nodeIdOfKeyId(certificate.issuerKeyId));
  const isIssuedHere = cluster === clusterId && certificate.issuerKeyId !== undefined &&
    Buffer.compare(certificate.issuerKeyId, keyIdOf(authority.publicKey)) === 0;
  if (!isIssuedHere) throw foreign(what, issuer === shortId(clusterId) ? shortId(cluster) : issuer, trust, peer);
  const isSigned = Buffer.compare(certificate.issuer, authority.subject) === 0 &&
    verifyRaw(authority.publicKey, certificate.signed, certificate.signature);
  if (!isSigned) {
    throw refused(
      peer,
      `${what} claims to be issued by cluster ${
        shortId(clusterId)
      }'s authority and is not signed by it. Do not connect.`,
    );
  }
}

/** The error for what belongs to another cluster. */
export function foreign(what: string, cluster: string, trust: Trust, peer: string) {
  return refused(
    peer,
    `${what} is issued by the authority of another cluster: expected ${
      shortId(trust.clusterId)
    }, found ${cluster}. To bring that ` +
      `machine into this cluster, run cell join on it with a token of this one.`,
  );
}

/** A URI from a certificate, fit to be printed. */
export function quoted(uri: string | undefined): string {
  return uri === undefined ? "none" : JSON.stringify(uri);
}
