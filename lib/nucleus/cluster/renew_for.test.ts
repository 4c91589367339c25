import { expect, test } from "bun:test";
import { createAuthority, createKeyPair, createNodeRequest, NodeIdentity, nodeIdOf } from "../../net/identity/mod.ts";
import { renewFor } from "./renew_for.ts";

const key = createKeyPair();
const id = nodeIdOf(key.publicKey);

test("a member gets a new certificate for its key and name", async () => {
  const authority = await createAuthority(Date.now());
  const certificate = await renewFor(authority, createNodeRequest(key, "two"), { id, name: "two" });
  const { name, nodeId } = new NodeIdentity(key, certificate, authority.certificatePem);
  expect([name, nodeId]).toEqual(["two", id]);
});

test("a member does not become another one by renewing: neither its key nor its name, by which managers are known", async () => {
  const authority = await createAuthority(Date.now());
  const asks = (name: string, caller: { id: string; name: string | undefined }) =>
    renewFor(authority, createNodeRequest(key, name), caller);
  await expect(asks("two", { id: "b".repeat(32), name: "two" })).rejects.toThrow("for its own key only");
  await expect(asks("manager", { id, name: "two" })).rejects.toThrow('is called two and asks for one as "manager"');
});

test("a member whose name is not known yet asks again", async () => {
  const authority = await createAuthority(Date.now());
  const asked = renewFor(authority, createNodeRequest(key, "two"), { id, name: undefined });
  await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
});
