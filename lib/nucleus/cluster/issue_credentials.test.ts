import { expect, test } from "bun:test";
import {
  createAuthority,
  createCredentials,
  createInstanceKey,
  createKeyPair,
  createNodeRequest,
  NodeIdentity,
} from "../../net/identity/mod.ts";
import { CellError } from "../../base/mod.ts";
import { Bell } from "./bell.ts";
import { type CredentialsIssuer, issueCredentials } from "./issue_credentials.ts";

const trusted = { assertIs: () => {} };

async function issuer(): Promise<CredentialsIssuer & { removed: string[] }> {
  const authority = await createAuthority(Date.now());
  const key = createKeyPair();
  const { certificatePem } = await authority.issueNode(createNodeRequest(key, "one"), Date.now());
  const removed: string[] = [];
  return {
    identity: new NodeIdentity(key, certificatePem, authority.certificatePem),
    removed,
    revoked: () => [...removed],
    host: "127.0.0.1",
    portFirst: 0,
    portLast: 0,
    renewed: new Bell(),
  };
}

test("a process gets a certificate for its own key that others accept", async () => {
  const key = createInstanceKey();
  const request = { service: "hello", instance: "hello@2", publicKey: key.publicKey };
  const from = await issuer();
  const abort = new AbortController();
  const stream = issueCredentials(request, trusted, from, abort.signal);
  const { value } = await stream.next();
  const { chain, authority, expiresAt } = value!;
  const credentials = createCredentials(
    key,
    { chainPem: chain, notAfterMs: expiresAt.getTime() },
    authority,
    Date.now(),
  );
  expect(credentials.identity).toEqual({
    cluster: from.identity.clusterId,
    node: from.identity.nodeId,
    nodeName: "one",
    service: "hello",
    instance: "hello@2",
  });
  abort.abort();
  expect((await stream.next()).done).toBe(true);
});

test("it hears at once that a node was removed", async () => {
  const from = await issuer();
  const abort = new AbortController();
  const request = { service: "cell", instance: "77", publicKey: createInstanceKey().publicKey };
  const stream = issueCredentials(request, trusted, from, abort.signal);
  expect((await stream.next()).value!.revoked).toEqual([]);
  const next = stream.next();
  from.removed.push("b".repeat(32));
  from.renewed.ring();
  expect((await next).value!.revoked).toEqual(["b".repeat(32)]);
  abort.abort();
  await stream.return();
});

test("a process that has given up being an instance gets no further certificate", async () => {
  const from = await issuer();
  const state = { isHeld: true };
  const process = {
    assertIs: () => {
      if (!state.isHeld) throw new CellError("PERMISSION_DENIED", "it does not serve hello@2");
    },
  };
  const request = { service: "hello", instance: "hello@2", publicKey: createInstanceKey().publicKey };
  const stream = issueCredentials(request, process, from, new AbortController().signal);
  expect((await stream.next()).done).toBe(false);
  state.isHeld = false;
  const next = stream.next();
  from.renewed.ring();
  await expect(next).rejects.toThrow("does not serve hello@2");
});
