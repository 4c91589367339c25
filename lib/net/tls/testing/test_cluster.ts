import {
  type Authority,
  createAuthority,
  createCredentials,
  createInstanceKey,
  createKeyPair,
  createNodeRequest,
  createTrust,
  type Credentials,
  NodeIdentity,
  type Trust,
} from "../../identity/mod.ts";

/** A cluster of nodes that exist as keys only. */
export interface TestCluster {
  readonly authority: Authority;
  readonly trust: Trust;
  /** Nodes that `trust` takes for revoked. */
  readonly revoked: Set<string>;
  /** One more node. */
  node(name?: string): Promise<TestNode>;
}

/** A node that certifies what it is asked to. */
export interface TestNode {
  readonly identity: NodeIdentity;
  /** Credentials of one of its instances, made at `nowMs`. */
  instance(service: string, instance?: string, nowMs?: number): Promise<Credentials>;
}

/** Founds a cluster. */
export async function createTestCluster(): Promise<TestCluster> {
  const authority = await createAuthority(Date.now());
  const revoked = new Set<string>();
  return {
    authority,
    revoked,
    trust: createTrust(authority.certificatePem, (node) => revoked.has(node)),
    async node(name = "node") {
      const key = createKeyPair();
      const { certificatePem } = await authority.issueNode(createNodeRequest(key, name), Date.now());
      const identity = new NodeIdentity(key, certificatePem, authority.certificatePem);
      return {
        identity,
        async instance(service, instance = service, nowMs = Date.now()) {
          const instanceKey = createInstanceKey();
          const { publicKey } = instanceKey;
          const issued = await identity.issueInstance({ publicKey, service, instance }, nowMs);
          return createCredentials(instanceKey, issued, authority.certificatePem, nowMs);
        },
      };
    },
  };
}
