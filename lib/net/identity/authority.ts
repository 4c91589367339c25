import { assert, CellError, MINUTE } from "../../base/mod.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { formatNodeUri } from "./identity_uri.ts";
import { issueCertificate } from "./issue_certificate.ts";
import { createKeyPair, type KeyPair } from "./keys.ts";
import { assertNodeName } from "./node_name.ts";
import { type NodeId, nodeIdOf } from "./node_id.ts";
import { readNodeRequest } from "./node_request.ts";
import { formatPem } from "./pem.ts";
import { CLOCK_TOLERANCE_MS } from "./refusal.ts";
import { encodeRevocation } from "./revocation.ts";
import { createTrust, fingerprintOf } from "./trust.ts";

const DAY = 24 * 60 * MINUTE;

/** How long an authority lasts. */
export const AUTHORITY_LIFETIME_MS = 3652 * DAY;
/** How long a node's certificate lasts. */
export const NODE_LIFETIME_MS = 90 * DAY;

/** What the first node of a cluster holds beside its own key: the key that makes machines members. */
export class Authority {
  readonly clusterId: NodeId;
  /** SHA-256 of the public key's DER form, 32 bytes: what a join token pins. */
  readonly fingerprint: Uint8Array;
  private readonly certificate: Certificate;

  /** Throws INVALID_ARGUMENT when the certificate is not that of an authority with this key. */
  constructor(readonly key: KeyPair, readonly certificatePem: string) {
    this.certificate = createTrust(certificatePem).authority;
    if (Buffer.compare(this.certificate.publicKey, key.publicKey) !== 0) {
      throw new CellError("INVALID_ARGUMENT", "reading the authority: its certificate is not for its key");
    }
    this.clusterId = nodeIdOf(key.publicKey);
    this.fingerprint = fingerprintOf(key.publicKey);
  }

  /**
   * Makes a node a member: gives the PEM certificate for what `createNodeRequest` wrote. Whether the node may be one is the
   * caller's question: its token, or that it was one before, and that it is not revoked. Throws INVALID_ARGUMENT when the
   * request is none or its sender has not the key.
   */
  async issueNode(
    request: Uint8Array,
    nowMs: number,
  ): Promise<{ readonly id: NodeId; readonly certificatePem: string }> {
    const { publicKey, name } = readNodeRequest(request);
    assertNodeName(name);
    const id = nodeIdOf(publicKey);
    if (id === this.clusterId) {
      throw new CellError(
        "INVALID_ARGUMENT",
        "admitting a node: it uses the authority's own key; a node needs another one",
      );
    }
    const certificate = await issueCertificate({
      name,
      publicKey,
      notBeforeMs: nowMs - CLOCK_TOLERANCE_MS,
      notAfterMs: Math.min(nowMs + NODE_LIFETIME_MS, this.certificate.notAfterMs),
      pathLength: 0,
      uri: formatNodeUri(this.clusterId, id),
    }, { name: this.certificate.name, key: this.key });
    return { id, certificatePem: formatPem("CERTIFICATE", certificate.der) };
  }

  /** The signed word, for every node, that `node` is no member any more; `by` is the node at which it was decided. */
  revoke(node: NodeId, by: NodeId, nowMs: number): Uint8Array {
    return encodeRevocation({ node, by, revokedAtMs: nowMs }, this.key);
  }
}

/** Founds a cluster: makes its key and the certificate that says so. Loads the certificate library. */
export async function createAuthority(nowMs: number): Promise<Authority> {
  const key = createKeyPair();
  const name = `cell cluster ${nodeIdOf(key.publicKey)}`;
  const { der } = await issueCertificate({
    name,
    publicKey: key.publicKey,
    notBeforeMs: nowMs - CLOCK_TOLERANCE_MS,
    notAfterMs: nowMs + AUTHORITY_LIFETIME_MS,
    pathLength: 1,
  }, { name, key });
  assert(readCertificate(der).name === name, "an authority is called as it was named");
  return new Authority(key, formatPem("CERTIFICATE", der));
}
