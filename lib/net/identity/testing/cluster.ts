import { type Authority, createAuthority } from "../authority.ts";
import { createCredentials, createInstanceKey, type Credentials } from "../credentials.ts";
import { createKeyPair } from "../keys.ts";
import { NodeIdentity } from "../node_identity.ts";
import { createNodeRequest } from "../node_request.ts";

/** When the clusters of tests are founded. */
export const FOUNDED_MS = Date.UTC(2030, 0, 1);

/** A node of an authority's cluster, with a key of its own. */
export async function admit(authority: Authority, name: string, nowMs = FOUNDED_MS): Promise<NodeIdentity> {
  const key = createKeyPair();
  const { certificatePem } = await authority.issueNode(createNodeRequest(key, name), nowMs);
  return new NodeIdentity(key, certificatePem, authority.certificatePem);
}

/** An instance on a node, with a key of its own. */
export async function instanceOn(node: NodeIdentity, instance = "hello@2", nowMs = FOUNDED_MS): Promise<Credentials> {
  const key = createInstanceKey();
  const [service = instance] = instance.split("@");
  const issued = await node.issueInstance({ publicKey: key.publicKey, service, instance }, nowMs);
  return createCredentials(key, issued, node.authorityPem, nowMs);
}

/** Two nodes of one cluster. */
export async function cluster(nowMs = FOUNDED_MS) {
  const authority = await createAuthority(nowMs);
  const [one, other] = await Promise.all([admit(authority, "one", nowMs), admit(authority, "other", nowMs)]);
  return { authority, one, other };
}
