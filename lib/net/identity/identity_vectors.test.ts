import { expect, test } from "bun:test";
import { verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import { createAuthority } from "./authority.ts";
import { readCertificate } from "./certificate.ts";
import { formatIdentity, type Identity, parseIdentity, type VerifiedIdentity } from "./identity_uri.ts";
import { formatToken, parseToken } from "./join_token.ts";
import { importPublicKey } from "./keys.ts";
import { keyIdOf, nodeIdOf } from "./node_id.ts";
import { verifyNodeSignature } from "./node_identity.ts";
import { createNodeRequest, readNodeRequest } from "./node_request.ts";
import { formatPem } from "./pem.ts";
import { verifyProof } from "./proof.ts";
import { readRevocation } from "./revocation.ts";
import { RevocationSet } from "./revocation_set.ts";
import { type ChainVector, identityDocument } from "./testing/identity_vectors.ts";
import { type Holder, keyOf } from "./testing/vector_world.ts";
import { redeem, tokenIdOf } from "./token_record.ts";
import { createTrust, fingerprintOf } from "./trust.ts";
import { verifyIdentity } from "./verify_identity.ts";

interface Proof {
  name: string;
  serverCertificate: string;
  proof: string;
  identity?: VerifiedIdentity;
  refused?: string;
}

interface Token {
  text: string;
  fingerprint: string;
  secret: string;
  addresses: string[];
  id: string;
  secretHash: string;
}

interface Document {
  timeMs: number;
  keys: Record<Holder, { seed: string; publicKey: string; id: string; keyId: string; fingerprint: string }>;
  certificates: Record<string, string>;
  identities: (Identity & { uri: string })[];
  refusedIdentities: string[];
  tokens: Token[];
  refusedTokens: { text: string; refused: string }[];
  nodeRequests: { request: string; publicKey: string; name: string; id: string }[];
  refusedNodeRequests: { request: string; refused: string }[];
  chains: ChainVector[];
  nodeSignatures: { publicKey: string; bytes: string; signature: string }[];
  proofs: Proof[];
  revocations: { revocation: string; node: string; by: string; revokedAtMs: number }[];
  refusedRevocations: { revocation: string; refused: string }[];
}

const text = readFileSync(join(import.meta.dir, "../../../docs/vectors/identity.json"), "utf8");
const vectors = JSON.parse(text) as Document;
const bytesOf = Uint8Array.fromHex;

/** How the code words each reason for which the vectors say that something is refused. */
const WORDS: { readonly [reason: string]: RegExp } = {
  expired: /expired/,
  "not yet valid": /not yet valid/,
  revoked: /was revoked/,
  "another cluster": /authority of another cluster/,
  "no instance": /expected one that a node issued to an instance/,
  "another node": /may speak for itself only/,
  "no node": /is no node/,
  URI: /has the URI/,
  use: /is not for connections/,
  form: /is none of a cell/,
  signature: /not signed with|not proved on this connection/,
  length: /expected (a proof of )?\d+ (to|and) \d+ bytes/,
  "no token": /a token begins with/,
  "cut off": /it is cut off/,
  checksum: /checksum is not right/,
  character: /which is in no token/,
  version: /it is of version 2/,
  content: /its content is not a token's/,
};

function refusalOf(act: () => unknown): CellError {
  try {
    act();
  } catch (error) {
    if (error instanceof CellError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

test("identity.json is what the code makes; `make vectors` writes it again", async () => {
  expect(await identityDocument()).toBe(text);
});

test("keys have the ids that are said to be theirs", () => {
  for (const [holder, { publicKey, id, keyId, fingerprint }] of Object.entries(vectors.keys)) {
    const raw = bytesOf(publicKey);
    expect(keyOf(holder as Holder).publicKey.toHex(), holder).toBe(publicKey);
    expect(nodeIdOf(raw), holder).toBe(id);
    expect(Buffer.from(keyIdOf(raw)).toString("hex"), holder).toBe(keyId);
    expect(Buffer.from(fingerprintOf(raw)).toString("hex"), holder).toBe(fingerprint);
    expect(keyId, holder).toStartWith(id);
  }
});

test("an independent reader finds the certificates signed by those who are said to have issued them", () => {
  const { certificates, keys } = vectors;
  const issuers: [string, Holder][] = [
    ["authority", "authority"],
    ["ada", "authority"],
    ["bob", "authority"],
    ["hello", "ada"],
    ["web", "bob"],
    ["command", "bob"],
    ["foreignAuthority", "foreignAuthority"],
    ["foreign", "eve"],
    ["helloRenewed", "ada"],
  ];
  expect(issuers.map(([name]) => name)).toEqual(Object.keys(certificates));
  for (const [name, issuer] of issuers) {
    const certificate = new X509Certificate(bytesOf(certificates[name]!));
    expect(certificate.verify(importPublicKey(bytesOf(keys[issuer].publicKey))), name).toBe(true);
    expect(certificate.publicKey.equals(importPublicKey(bytesOf(keys[name as Holder].publicKey))), name).toBe(true);
  }
});

test("an authority that is founded has a certificate of the form of the vectors'", async () => {
  const { timeMs, certificates } = vectors;
  const founded = createTrust((await createAuthority(timeMs)).certificatePem).authority;
  const { clusterId } = createTrust(pemOf(certificates["authority"]!));
  const vector = readCertificate(bytesOf(certificates["authority"]!));
  const formOf = ({ notBeforeMs, notAfterMs, isIssuer, pathLength, keyUse, uri }: typeof vector) => {
    return { notBeforeMs, notAfterMs, isIssuer, pathLength, keyUse, uri };
  };
  expect(formOf(vector)).toEqual(formOf(founded));
  expect(vector.name).toBe(`cell cluster ${clusterId}`);
  expect(founded.name).toBe(`cell cluster ${nodeIdOf(founded.publicKey)}`);
});

test("identities are written and read as the URIs beside them, and nothing else is one", () => {
  for (const { uri, ...identity } of vectors.identities) {
    expect(formatIdentity(identity)).toBe(uri);
    expect(parseIdentity(uri)).toEqual(identity);
  }
  expect(vectors.refusedIdentities.length).toBeGreaterThan(10);
  for (const uri of vectors.refusedIdentities) expect(parseIdentity(uri), uri).toBeUndefined();
});

test("tokens are read as what stands beside them, written the same, and admit who shows their secret", () => {
  for (const { text: word, fingerprint, secret, addresses, id, secretHash } of vectors.tokens) {
    const token = { fingerprint: bytesOf(fingerprint), secret: bytesOf(secret), addresses };
    expect(parseToken(word)).toEqual(token);
    expect(formatToken(token)).toBe(word);
    expect(tokenIdOf(token.secret)).toBe(id);
    const record = { id, secretHash: bytesOf(secretHash), expiresAtMs: 1, usesLeft: 1 };
    expect(redeem(record, token.secret, 0).outcome).toBe("ok");
  }
});

test("tokens that are none are refused for the reason beside them", () => {
  for (const { text: word, refused } of vectors.refusedTokens) {
    expect(refusalOf(() => parseToken(word)).message, word).toMatch(WORDS[refused]!);
  }
});

test("node requests are read as what stands beside them, and written the same with the key", () => {
  for (const { request, publicKey, name, id } of vectors.nodeRequests) {
    const read = readNodeRequest(bytesOf(request));
    expect({ name: read.name, publicKey: Buffer.from(read.publicKey).toString("hex") }).toEqual({ name, publicKey });
    expect(nodeIdOf(read.publicKey)).toBe(id);
    const holder = Object.entries(vectors.keys).find(([, key]) => key.publicKey === publicKey)![0] as Holder;
    expect(Buffer.from(createNodeRequest(keyOf(holder), name)).toString("hex")).toBe(request);
  }
  for (const { request, refused } of vectors.refusedNodeRequests) {
    expect(refusalOf(() => readNodeRequest(bytesOf(request))).message, request).toMatch(WORDS[refused]!);
  }
});

test("certificates are those of the instances beside them, or refused for the reason beside them", () => {
  expect(vectors.chains.length).toBeGreaterThan(20);
  for (const { name, certificate, authority, nowMs, revoked, identity, refused } of vectors.chains) {
    const trust = createTrust(pemOf(vectors.certificates[authority]!), (node) => revoked.includes(node));
    const check = () => verifyIdentity(bytesOf(certificate), trust, nowMs);
    if (identity !== undefined) expect(check(), name).toEqual(identity);
    else {
      const { code, message } = refusalOf(check);
      expect([name, code]).toEqual([name, "UNAUTHENTICATED"]);
      expect(message, name).toMatch(WORDS[refused!]!);
    }
  }
});

test("what a node signs is signed behind the label of the protocol", () => {
  for (const { publicKey, bytes, signature } of vectors.nodeSignatures) {
    const key = bytesOf(publicKey);
    expect(verifyNodeSignature(key, bytesOf(bytes), bytesOf(signature))).toBe(true);
    const signed = Buffer.concat([Buffer.from("cell node signature 1\0"), bytesOf(bytes)]);
    expect(verify(null, signed, importPublicKey(key), bytesOf(signature))).toBe(true);
  }
});

test("proofs show who the client is, or are refused for the reason beside them", () => {
  const trust = createTrust(pemOf(vectors.certificates["authority"]!));
  for (const { name, serverCertificate, proof, identity, refused } of vectors.proofs) {
    const check = () => verifyProof(bytesOf(proof), bytesOf(serverCertificate), trust, vectors.timeMs);
    if (identity !== undefined) expect(check(), name).toEqual(identity);
    else expect(refusalOf(check).message, name).toMatch(WORDS[refused!]!);
  }
});

test("revocations are read as what stands beside them, kept by a set, and refused where the authority has not signed", () => {
  const authority = bytesOf(vectors.keys.authority.publicKey);
  for (const { revocation, ...said } of vectors.revocations) {
    expect(readRevocation(bytesOf(revocation), authority)).toEqual(said);
    const set = new RevocationSet(authority);
    set.merge(bytesOf(revocation), vectors.timeMs);
    expect(Buffer.from(set.encode()).toString("hex")).toBe(revocation);
  }
  for (const { revocation, refused } of vectors.refusedRevocations) {
    expect(readRevocation(bytesOf(revocation), authority), refused).toBeUndefined();
  }
});

function pemOf(der: string): string {
  return formatPem("CERTIFICATE", bytesOf(der));
}
