/**
 * Who is who between machines.
 */
export { ACCESS_PATTERNS_MAX, type AccessList, isAllowed, parseAccessList } from "./access_list.ts";
export { alertError, alertOfErrorCode } from "./alert.ts";
export { Authority, AUTHORITY_LIFETIME_MS, createAuthority, NODE_LIFETIME_MS } from "./authority.ts";
export { type Certificate, CERTIFICATE_BYTES_MAX, readCertificate } from "./certificate.ts";
export { createCredentials, createInstanceKey, type Credentials, type InstanceKey } from "./credentials.ts";
export { GUESS_LIMITS, GuessLimiter, type GuessLimits } from "./guess_limiter.ts";
export { COMMAND_SERVICE, formatIdentity, type Identity, parseIdentity } from "./identity_uri.ts";
export { ADDRESSES_MAX, formatToken, type JoinToken, parseToken } from "./join_token.ts";
export { createKeyPair, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./keys.ts";
export {
  INSTANCE_LIFETIME_MS,
  type InstanceToCertify,
  type IssuedInstance,
  NodeIdentity,
  verifyNodeSignature,
} from "./node_identity.ts";
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
