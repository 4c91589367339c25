/**
 * Who is who between machines: keys, the ids that come from them, the certificates that tie instances to nodes and
 * nodes to a cluster, and how a machine becomes a member and stops being one.
 *
 * **Names are keys.** A node's id is computed from its public key, so nobody can claim another's, and nobody has to
 * hand ids out. A cluster's id is that of its authority's key. People give nodes names besides; nothing depends on
 * those.
 *
 * **Three levels.** All keys are Ed25519.
 *
 *     authority      its own word             10 years   key on the first node
 *        │ issues     may vouch for nodes
 *     node           cell://CLUSTER/NODE      90 days    key in that node's agent
 *        │ issues     path length 0: for instances only, never for other nodes
 *     instance       cell://CLUSTER/NODE/SERVICE/INSTANCE   1 hour   key in that process, in memory only
 *
 * Both ends of every connection are instances; the agent is one too, and so is a command at a shell. Whoever steals
 * an instance's key is that instance until an hour after the process that it was stolen from last had its certificate
 * renewed. Whoever steals a node's key can speak as any service of that node, and for no other node: the node in an
 * instance's URI must be the one whose key has signed it. That is the rule which X.509 alone does not give (name
 * constraints are not defined for these URIs), so `verifyIdentity` checks the whole of it and relies on no stack
 * below.
 *
 * **One certificate is enough.** An instance's certificate carries its node's, as a data URI where X.509 says where
 * the issuer's certificate is to be had. It costs 680 bytes in a handshake (both certificates then have 1.6 KB: two
 * datagrams, well below what a QUIC server may send before it knows the address). For this is what the runtime tells
 * of a peer:
 *
 * | Bun 1.4.5                               | which certificate                                              | authentic |
 * | --------------------------------------- | -------------------------------------------------------------- | --------- |
 * | node:tls, `getPeerX509Certificate()`    | the peer's own                                                 | yes       |
 * | node:tls, its `issuerCertificate`       | the next one that the peer has sent, whatever it is            | no        |
 * | node:quic client, `peerCertificate`     | the server's own; `issuerCertificate` is undefined             | yes       |
 * | node:quic server, `peerCertificate`     | the client's **second**: its own is not to be had              | **no**    |
 *
 * The last line is a trap. The handshake only shows that the client has the key of some instance of the cluster; what
 * the server is then shown is chosen by the client, who may put anybody's certificate there
 * (`peer_certificate.test.ts` does). So on QUIC a client says who it is in its first message (`proveIdentity`): its
 * certificate, and a signature with its key over the certificate that the server has shown it on this connection. The
 * server serves nothing before `verifyProof` has agreed. Only this server can read the message, and it is of no use
 * on another.
 *
 *     node:tls, both sides   verifyIdentity(socket.getPeerX509Certificate()?.raw, trust, now, address)
 *     node:quic client       verifyIdentity(session.peerCertificate?.raw, ...), then send proveIdentity(credentials, that raw)
 *     node:quic server       verifyProof(first message, own certificate of that session, ...)
 *
 * A QUIC client needs `verifyPeer: "manual"`, a TLS client `checkServerIdentity: () => undefined`: there are no host
 * names in these certificates. With the node's certificate second in the chain, the stacks' own check of the chain
 * works besides.
 *
 * **Clocks differ.** Certificates begin ten minutes before they are made, and `verifyIdentity` takes them for ten
 * minutes more at both ends. The stacks below know no such tolerance at the end: renew after half the time.
 *
 * **Refusals explain themselves.** Every check has its own words: which certificate, what is wrong, what to do. Who
 * is refused during the handshake gets a number only; `alertError` says what it means on that side.
 *
 * **Becoming a member.** A token is one word: the fingerprint of the authority's key, a secret, and addresses. The
 * joining machine believes nobody before it has seen a certificate of an authority with that fingerprint
 * (`createPinnedTrust`) and an instance below it that holds the connection's key; then it shows the secret and a
 * request signed with its new key. The cluster keeps a hash of the secret. 128 bits cannot be guessed; `GuessLimiter`
 * keeps those who try from keeping a node busy.
 *
 * **Stopping to be one.** Whoever holds the authority's key signs that a node is revoked; every node can check that,
 * passes it on and refuses the node from then on. The list needs no removal: certificates run out in 90 days, and so
 * do its entries.
 *
 * **One file.** `keys/identity.pem` holds the node's key, both certificates and, on the first node, the authority's
 * key. A rename puts it in place: after a crash this machine is what it was or what it was to become, never half of
 * each. Several files would need a switch between folders to be as safe, and could be copied in halves.
 *
 * Turned down: PKCS#10 requests (three fields do not need another parser of hostile DER, nor the joining machine a
 * library); checking chains with `X509Certificate` of node:crypto (it tells neither path length nor key usage, and
 * accepts certificates of any shape; ours have one, so a reader of 300 lines knows all of it); reading certificates
 * with the library that writes them (10 ms and 10 MB in every process that calls another machine); a revocation list
 * in X.509's form (signed as a whole: two nodes' lists cannot be merged without the authority); bearer tokens instead
 * of client certificates (whoever sees one has it).
 *
 * What a node signs begins with what it is (`cell node signature 1` and so on), so no signature can be used as
 * another kind of statement, nor as a certificate, which begins with 0x30.
 *
 * Invariants: no private key leaves the process that made it, but into its own 0600 file; what `verifyIdentity`
 * returns was signed by the node that it names; bytes from outside are bounded before they are read, and no reader
 * recurses.
 */
export { alertError, alertOfErrorCode } from "./alert.ts";
export { Authority, AUTHORITY_LIFETIME_MS, createAuthority, NODE_LIFETIME_MS } from "./authority.ts";
export { type Certificate, CERTIFICATE_BYTES_MAX, readCertificate } from "./certificate.ts";
export { createCredentials, createInstanceKey, type Credentials, type InstanceKey } from "./credentials.ts";
export { GUESS_LIMITS, GuessLimiter, type GuessLimits } from "./guess_limiter.ts";
export { formatIdentity, type Identity, parseIdentity, type VerifiedIdentity } from "./identity_uri.ts";
export { ADDRESSES_MAX, formatToken, type JoinToken, parseToken } from "./join_token.ts";
export { createKeyPair, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./keys.ts";
export {
  INSTANCE_LIFETIME_MS,
  type InstanceToCertify,
  type IssuedInstance,
  NodeIdentity,
  verifyNodeSignature,
} from "./node_identity.ts";
export {
  type AdoptedIdentity,
  adoptIdentity,
  initIdentity,
  loadIdentity,
  type StoredIdentity,
} from "./identity_file.ts";
export { isNodeId, type NodeId, nodeIdOf, shortId } from "./node_id.ts";
export { createNodeRequest, NODE_REQUEST_BYTES_MAX, readNodeRequest } from "./node_request.ts";
export { formatPem, readPem } from "./pem.ts";
export { PROOF_BYTES_MAX, proveIdentity, verifyProof } from "./proof.ts";
export { CLOCK_TOLERANCE_MS } from "./refusal.ts";
export { readRevocation, type Revocation, REVOCATION_BYTES } from "./revocation.ts";
export { REVOCATION_LIFETIME_MS, REVOCATIONS_MAX, RevocationSet } from "./revocation_set.ts";
export {
  createToken,
  redeem,
  type Redemption,
  redemptionError,
  TOKEN_LIFETIME_MS_MAX,
  TOKEN_USES_MAX,
  tokenIdOf,
  type TokenOptions,
  type TokenRecord,
} from "./token_record.ts";
export { createPinnedTrust, createTrust, fingerprintOf, type Trust } from "./trust.ts";
export { verifyIdentity } from "./verify_identity.ts";
export { type VerifiedNode, verifyNode } from "./verify_node.ts";
