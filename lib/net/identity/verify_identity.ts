import { KeyUse } from "./certificate_extensions.ts";
import { parseIdentity, parseNodeUri, type VerifiedIdentity } from "./identity_uri.ts";
import { verifyRaw } from "./keys.ts";
import { keyIdOf, shortId } from "./node_id.ts";
import { checkTime, JOIN_AGAIN, refused } from "./refusal.ts";
import type { Trust } from "./trust.ts";
import { foreign, quoted, readOf, verifyNode } from "./verify_node.ts";

const RENEW = "A node's agent renews its instances' certificates: see on that machine whether it runs (cell status).";

/**
 * Says which instance a certificate belongs to, after checking everything about it: signatures up to the authority, times
 * with CLOCK_TOLERANCE_MS, what each key may be used for, that the node which it names is the one that signed it, and
 * revocation. It relies on no check that a TLS stack made, save one: that the peer has the certificate's key.
 *
 * `der` is the instance's own certificate (`X509Certificate.raw`) or undefined where the peer sent none; its node's
 * is inside. `peer` says in errors whose it is, such as "192.0.2.7:41641". Throws UNAUTHENTICATED.
 */
export function verifyIdentity(
  der: Uint8Array | undefined,
  trust: Trust,
  nowMs: number,
  peer = "the peer",
): VerifiedIdentity {
  if (der === undefined) {
    throw refused(
      peer,
      `it has no certificate; expected one of an instance of cluster ${shortId(trust.clusterId)}. ${JOIN_AGAIN}`,
    );
  }
  const leaf = readOf(der, "its certificate", peer);
  const identity = leaf.uri === undefined ? undefined : parseIdentity(leaf.uri);
  if (leaf.isIssuer || leaf.nodeCertificate === undefined) {
    const node = leaf.uri === undefined ? undefined : parseNodeUri(leaf.uri);
    const found = node === undefined ? `"${leaf.name}"` : `node ${shortId(node.node)} (${leaf.name}) itself`;
    throw refused(
      peer,
      `its certificate is that of ${found}; expected one that a node issued to an instance. Nothing else connects here.`,
    );
  }
  if (identity === undefined) {
    const found = quoted(leaf.uri);
    throw refused(
      peer,
      `its certificate has the URI ${found}; expected cell://CLUSTER/NODE/SERVICE/INSTANCE. Is another version of cell there?`,
    );
  }
  const what = `the certificate of ${identity.instance} on node ${shortId(identity.node)}`;
  if (identity.cluster !== trust.clusterId) throw foreign(what, shortId(identity.cluster), trust, peer);
  const node = verifyNode(leaf.nodeCertificate, trust, nowMs, peer);
  const { publicKey, subject } = node.certificate;
  if (identity.node !== node.id) {
    throw refused(
      peer,
      `its certificate names node ${shortId(identity.node)} and is issued by node ${
        shortId(node.id)
      } (${node.name}), which may speak for ` +
        `itself only. Do not connect; look at node ${shortId(node.id)}, and revoke it if nobody can say why.`,
    );
  }
  const isSigned = leaf.issuerKeyId !== undefined && Buffer.compare(leaf.issuerKeyId, keyIdOf(publicKey)) === 0 &&
    Buffer.compare(leaf.issuer, subject) === 0 && verifyRaw(publicKey, leaf.signed, leaf.signature);
  if (!isSigned) {
    throw refused(peer, `${what} claims to be issued by that node and is not signed with its key. Do not connect.`);
  }
  const isUsable = (leaf.keyUse & KeyUse.DIGITAL_SIGNATURE) !== 0 && (leaf.keyUse & KeyUse.CERTIFICATE_SIGN) === 0 &&
    leaf.isForServers && leaf.isForClients;
  if (!isUsable) {
    throw refused(
      peer,
      `${what} is not for connections: expected key usage digital signature, for servers and clients. Is another version of ` +
        "cell there?",
    );
  }
  checkTime(leaf, what, RENEW, peer, nowMs);
  return { ...identity, nodeName: node.name };
}
