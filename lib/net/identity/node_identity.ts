import { CellError, MINUTE } from "../../base/mod.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { formatIdentity } from "./identity_uri.ts";
import { issueCertificate } from "./issue_certificate.ts";
import { type KeyPair, signRaw, verifyRaw } from "./keys.ts";
import type { NodeId } from "./node_id.ts";
import { formatPem, readPem } from "./pem.ts";
import { CLOCK_TOLERANCE_MS, JOIN_AGAIN_HERE } from "./refusal.ts";
import { createTrust, type Trust } from "./trust.ts";
import { verifyNode } from "./verify_node.ts";

/** How long an instance's certificate lasts; its agent renews it after half of that. */
export const INSTANCE_LIFETIME_MS = 60 * MINUTE;

/** Stands before what a node signs, so that it can never be taken for a certificate or a TLS handshake. */
const SIGNED_LABEL = Buffer.from("cell node signature 1\0");

/** An instance's certificate, with its node's behind it. */
export interface IssuedInstance {
  /** The instance's certificate, then its node's. */
  readonly chainPem: string;
  readonly notAfterMs: number;
}

/** This machine as a member of a cluster. Holds the node's key, so it lives in the node agent alone. */
export class NodeIdentity {
  readonly clusterId: NodeId;
  readonly nodeId: NodeId;
  /** The name that people gave it. */
  readonly name: string;
  /** When its certificate ends; a member is given a new one before. */
  readonly notAfterMs: number;
  readonly certificate: Certificate;
  /** Trusts the node's authority and revokes nobody. */
  readonly trust: Trust;

  /**
   * Throws INVALID_ARGUMENT when the certificates do not fit the key, UNAUTHENTICATED when they do not fit each other. An
   * expired one is taken: what to do about it is the caller's matter.
   */
  constructor(readonly key: KeyPair, readonly certificatePem: string, readonly authorityPem: string) {
    this.trust = createTrust(authorityPem);
    const [der, ...more] = readPem(certificatePem, "CERTIFICATE");
    if (der === undefined || more.length > 0) {
      throw new CellError("INVALID_ARGUMENT", "reading a node's certificate: expected one in PEM");
    }
    // At a time when it was valid: everything else is checked as others will.
    const { id, name, certificate } = verifyNode(der, this.trust, readCertificate(der).notBeforeMs, "this node");
    if (Buffer.compare(certificate.publicKey, key.publicKey) !== 0) {
      throw new CellError("INVALID_ARGUMENT", `reading the certificate of node ${id}: it is not for this node's key`);
    }
    this.clusterId = this.trust.clusterId;
    this.nodeId = id;
    this.name = name;
    this.notAfterMs = certificate.notAfterMs;
    this.certificate = certificate;
  }

  /** Raw, 32 bytes. */
  get publicKey(): Uint8Array {
    return this.key.publicKey;
  }

  /** Signs something as this node, for `verifyNodeSignature`: 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array {
    return signRaw(this.key, Buffer.concat([SIGNED_LABEL, bytes]));
  }

  /**
   * Certifies the key of an instance on this node for INSTANCE_LIFETIME_MS, or as long as the node itself is certified.
   * Throws INVALID_ARGUMENT for names that are none, FAILED_PRECONDITION when the node's own certificate has expired.
   */
  async issueInstance(instance: InstanceToCertify, nowMs: number): Promise<IssuedInstance> {
    if (nowMs >= this.notAfterMs) {
      throw new CellError(
        "FAILED_PRECONDITION",
        `certifying ${instance.instance}: this node's own certificate expired at ${
          new Date(this.notAfterMs).toISOString()
        }. ${JOIN_AGAIN_HERE}`,
      );
    }
    const { publicKey, service } = instance;
    const notAfterMs = Math.min(nowMs + INSTANCE_LIFETIME_MS, this.notAfterMs);
    const { der } = await issueCertificate({
      name: service,
      publicKey,
      notBeforeMs: nowMs - CLOCK_TOLERANCE_MS,
      notAfterMs,
      pathLength: undefined,
      uri: formatIdentity({ cluster: this.clusterId, node: this.nodeId, service, instance: instance.instance }),
      nodeCertificate: this.certificate.der,
    }, { name: this.certificate.name, key: this.key });
    return { chainPem: formatPem("CERTIFICATE", der) + formatPem("CERTIFICATE", this.certificate.der), notAfterMs };
  }
}

/** Which instance a certificate is for, and its raw public key. */
export interface InstanceToCertify {
  readonly publicKey: Uint8Array;
  readonly service: string;
  readonly instance: string;
}

/** Whether the node with this raw public key signed `bytes` by `NodeIdentity.sign`. */
export function verifyNodeSignature(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verifyRaw(publicKey, Buffer.concat([SIGNED_LABEL, bytes]), signature);
}
