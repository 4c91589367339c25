import { beforeAll, expect, test } from "bun:test";
import { Authority, AUTHORITY_LIFETIME_MS, createAuthority, NODE_LIFETIME_MS } from "./authority.ts";
import { readCertificate } from "./certificate.ts";
import { createCredentials, createInstanceKey } from "./credentials.ts";
import { createKeyPair, privateKeyPem, readPrivateKey, SIGNATURE_BYTES, verifyRaw } from "./keys.ts";
import { isNodeId, nodeIdOf, shortId } from "./node_id.ts";
import { INSTANCE_LIFETIME_MS, NodeIdentity, verifyNodeSignature } from "./node_identity.ts";
import { createNodeRequest, NODE_REQUEST_BYTES_MAX } from "./node_request.ts";
import { formatPem } from "./pem.ts";
import { CLOCK_TOLERANCE_MS } from "./refusal.ts";
import { admit, cluster, FOUNDED_MS, instanceOn } from "./testing/cluster.ts";
import { forge } from "./testing/forge.ts";
import { createPinnedTrust, createTrust, fingerprintOf } from "./trust.ts";
import { verifyIdentity } from "./verify_identity.ts";

let authority: Authority;
let one: NodeIdentity;
let other: NodeIdentity;

beforeAll(async () => {
  ({ authority, one, other } = await cluster());
});

test("an id is the first half of the SHA-256 of the public key", () => {
  // RFC 8032, section 7.1, test 1.
  const publicKey = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
  const id = nodeIdOf(publicKey);
  expect(id).toBe("21fe31dfa154a261626bf854046fd227");
  expect(isNodeId(id)).toBe(true);
  expect(shortId(id)).toBe("21fe31df");
  for (const wrong of ["", id.slice(1), `${id}0`, id.toUpperCase(), id.replace("2", "g"), `${id}\n`]) {
    expect(isNodeId(wrong)).toBe(false);
  }
  expect(() => nodeIdOf(publicKey.subarray(1))).toThrow("a public key has 32 bytes, not 31");
});

test("a key survives being written and read", () => {
  const key = createKeyPair();
  expect(readPrivateKey(privateKeyPem(key)).publicKey).toEqual(key.publicKey);
});

test("what is no key is refused, and not quoted", () => {
  const secret = "c2VjcmV0";
  for (const pem of ["", secret, `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`]) {
    expect(() => readPrivateKey(pem)).toThrow("it is not PKCS#8 PEM");
    expect(() => readPrivateKey(pem)).not.toThrow(secret);
  }
});

test("times of certificates begin a tolerance early and end when they have to", async () => {
  const hello = await instanceOn(one);
  expect(one.trust.authority).toMatchObject({
    notBeforeMs: FOUNDED_MS - CLOCK_TOLERANCE_MS,
    notAfterMs: FOUNDED_MS + AUTHORITY_LIFETIME_MS,
  });
  expect(one.certificate).toMatchObject({
    notBeforeMs: FOUNDED_MS - CLOCK_TOLERANCE_MS,
    notAfterMs: FOUNDED_MS + NODE_LIFETIME_MS,
  });
  expect(readCertificate(hello.certificate)).toMatchObject({
    notBeforeMs: FOUNDED_MS - CLOCK_TOLERANCE_MS,
    notAfterMs: FOUNDED_MS + INSTANCE_LIFETIME_MS,
  });
  expect(hello.notAfterMs).toBe(FOUNDED_MS + INSTANCE_LIFETIME_MS);
});

test("nothing outlives who has issued it", async () => {
  const lateMs = FOUNDED_MS + AUTHORITY_LIFETIME_MS - 60_000;
  const late = await admit(authority, "late", lateMs);
  expect(late.notAfterMs).toBe(FOUNDED_MS + AUTHORITY_LIFETIME_MS);
  expect((await instanceOn(late, "hello", lateMs)).notAfterMs).toBe(FOUNDED_MS + AUTHORITY_LIFETIME_MS);
});

test("a node whose certificate has expired certifies nobody, and says what to do", async () => {
  const { publicKey } = createInstanceKey();
  const issued = one.issueInstance({ publicKey, service: "hello", instance: "hello" }, one.notAfterMs);
  await expect(issued).rejects.toThrow(/this node's own certificate expired at 2030-04-01.*run cell join again/);
});

test("a node certifies instances under names that are some only", async () => {
  const { publicKey } = createInstanceKey();
  for (
    const [service, instance] of [["hello", "other"], ["Hello", "Hello"], ["a/b", "a/b"], ["cell", "x"], [
      "",
      "",
    ]] as const
  ) {
    await expect(one.issueInstance({ publicKey, service, instance }, FOUNDED_MS)).rejects.toThrow("naming an instance");
  }
  const issued = one.issueInstance({ publicKey: publicKey.subarray(1), service: "a", instance: "a" }, FOUNDED_MS);
  await expect(issued).rejects.toThrow("32 bytes");
});

test("a renewed certificate is for the same node, longer", async () => {
  const laterMs = FOUNDED_MS + NODE_LIFETIME_MS / 2;
  const { id, certificatePem } = await authority.issueNode(createNodeRequest(one.key, "one"), laterMs);
  const renewed = new NodeIdentity(one.key, certificatePem, authority.certificatePem);
  expect(id).toBe(one.nodeId);
  expect(renewed.nodeId).toBe(one.nodeId);
  expect(renewed.notAfterMs).toBe(laterMs + NODE_LIFETIME_MS);
});

test("an authority certifies nobody who has not the key", async () => {
  const request = createNodeRequest(createKeyPair(), "three");
  for (let index = 0; index < request.length; index++) {
    const changed = Uint8Array.from(request);
    changed[index]! ^= 1;
    await expect(authority.issueNode(changed, FOUNDED_MS)).rejects.toThrow(
      "not signed with the key that it wants certified",
    );
  }
});

test("a request that is too short, too long or for a bad name is refused", async () => {
  const request = createNodeRequest(createKeyPair(), "n".repeat(63));
  expect(request.length).toBe(NODE_REQUEST_BYTES_MAX);
  for (const bytes of [new Uint8Array(), request.subarray(0, 96), Buffer.concat([request, request])]) {
    await expect(authority.issueNode(bytes, FOUNDED_MS)).rejects.toThrow(
      "reading a node's request: expected 97 to 159 bytes",
    );
  }
  for (const name of ["", "-a", "a b", "a/b", "n".repeat(64), "ä", "a\n"]) {
    expect(() => createNodeRequest(createKeyPair(), name)).toThrow("naming a node");
  }
});

test("the authority's own key is no node's", async () => {
  const request = createNodeRequest(authority.key, "one");
  await expect(authority.issueNode(request, FOUNDED_MS)).rejects.toThrow("it uses the authority's own key");
});

test("an identity is put together of what belongs together only", async () => {
  const there = await createAuthority(FOUNDED_MS);
  const { certificatePem, authorityPem, key } = one;
  expect(() => new NodeIdentity(other.key, certificatePem, authorityPem)).toThrow("it is not for this node's key");
  expect(() => new NodeIdentity(key, certificatePem, there.certificatePem)).toThrow("authority of another cluster");
  expect(() => new NodeIdentity(key, authorityPem, authorityPem)).toThrow("is no node");
  expect(() => new NodeIdentity(key, certificatePem, certificatePem)).toThrow("it may not vouch for nodes");
  expect(() => new NodeIdentity(key, certificatePem + certificatePem, authorityPem)).toThrow("expected one in PEM");
  expect(() => new NodeIdentity(key, "", authorityPem)).toThrow("expected one in PEM");
  expect(() => new NodeIdentity(key, certificatePem, "")).toThrow("expected one, found 0");
  expect(() => new Authority(key, authorityPem)).toThrow("its certificate is not for its key");
  expect(() => new Authority(authority.key, there.certificatePem)).toThrow("its certificate is not for its key");
});

test("an authority's certificate that somebody else has signed is none", async () => {
  const bytes = Uint8Array.from(one.trust.authority.der);
  bytes[bytes.length - 1]! ^= 1;
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE-----\n`;
  expect(() => createTrust(pem)).toThrow("it is not signed by itself");
});

test("what may not vouch for nodes is no authority", async () => {
  const key = createKeyPair();
  const honest = { publicKey: key.publicKey, signer: key, issuer: "self", name: "self", isIssuer: true, keyUsage: 32 };
  const trusted = async (changes: object) =>
    createTrust(formatPem("CERTIFICATE", await forge({ ...honest, ...changes })));
  expect((await trusted({})).clusterId).toBe(nodeIdOf(key.publicKey));
  expect((await trusted({ pathLength: 1 })).clusterId).toBe(nodeIdOf(key.publicKey));
  for (const changes of [{ isIssuer: false }, { pathLength: 0 }, { keyUsage: 1 }]) {
    await expect(trusted(changes)).rejects.toThrow("it may not vouch for nodes");
  }
  await expect(trusted({ issuer: "somebody" })).rejects.toThrow("it is not signed by itself");
});

test("an instance takes no certificate that is not for its key, or not below its authority", async () => {
  const key = createInstanceKey();
  const issued = await one.issueInstance({ publicKey: key.publicKey, service: "hello", instance: "hello" }, FOUNDED_MS);
  expect(createCredentials(key, issued, one.authorityPem, FOUNDED_MS).identity.instance).toBe("hello");
  const stranger = createInstanceKey();
  expect(() => createCredentials(stranger, issued, one.authorityPem, FOUNDED_MS)).toThrow(
    "not for this instance's key",
  );
  const there = await createAuthority(FOUNDED_MS);
  expect(() => createCredentials(key, issued, there.certificatePem, FOUNDED_MS)).toThrow("another cluster");
  const nothing = { ...issued, chainPem: "" };
  expect(() => createCredentials(key, nothing, one.authorityPem, FOUNDED_MS)).toThrow("it has no certificate");
});

test("what a node has signed, its public key shows; nothing else does", () => {
  const bytes = Buffer.from("a record");
  const signature = one.sign(bytes);
  expect(signature.length).toBe(SIGNATURE_BYTES);
  expect(verifyNodeSignature(one.publicKey, bytes, signature)).toBe(true);
  expect(verifyNodeSignature(other.publicKey, bytes, signature)).toBe(false);
  expect(verifyNodeSignature(one.publicKey, Buffer.from("a Record"), signature)).toBe(false);
  for (
    const wrong of [signature.subarray(1), Buffer.concat([signature, signature]), new Uint8Array(64), new Uint8Array()]
  ) {
    expect(verifyNodeSignature(one.publicKey, bytes, wrong)).toBe(false);
  }
  expect(verifyNodeSignature(new Uint8Array(32), bytes, signature)).toBe(false);
  expect(verifyNodeSignature(new Uint8Array(31), bytes, signature)).toBe(false);
});

test("what a node signs cannot be a certificate, even if it is asked to sign one's content", async () => {
  const { signed } = readCertificate((await instanceOn(one)).certificate);
  expect(verifyRaw(one.publicKey, signed, one.sign(signed))).toBe(false);
});

test("who joins believes the authority of its token only", async () => {
  const there = await createAuthority(FOUNDED_MS);
  const { der, publicKey } = one.trust.authority;
  expect(fingerprintOf(publicKey)).toEqual(authority.fingerprint);
  const trust = createPinnedTrust(der, authority.fingerprint);
  const hello = await instanceOn(one, "nucleus");
  expect(verifyIdentity(hello.certificate, trust, FOUNDED_MS)).toMatchObject({ service: "nucleus" });
  expect(() => createPinnedTrust(der, there.fingerprint)).toThrow("the token is for another one");
  expect(() => createPinnedTrust(der, authority.fingerprint.subarray(1))).toThrow("the token is for another one");
  for (const bytes of [new Uint8Array(), one.certificate.der, der.subarray(1)]) {
    expect(() => createPinnedTrust(bytes, authority.fingerprint)).toThrow("checking the cluster's authority");
  }
});
