import { beforeAll, expect, test } from "bun:test";
import type { Credentials } from "./credentials.ts";
import { createKeyPair } from "./keys.ts";
import type { NodeIdentity } from "./node_identity.ts";
import { PROOF_BYTES_MAX, proveIdentity, verifyProof } from "./proof.ts";
import { cluster, FOUNDED_MS, instanceOn } from "./testing/cluster.ts";
import { createTrust } from "./trust.ts";

let one: NodeIdentity;
let client: Credentials;
let server: Credentials;

beforeAll(async () => {
  const made = await cluster();
  one = made.one;
  [client, server] = await Promise.all([instanceOn(one, "trader"), instanceOn(made.other, "market@1")]);
});

const identify = (proof: Uint8Array, certificate = server.certificate, trust = one.trust) =>
  verifyProof(proof, certificate, trust, FOUNDED_MS, "192.0.2.7:9043");

test("a proof says who has made it", () => {
  expect(identify(proveIdentity(client, server.certificate))).toEqual(client.identity);
});

test("a proof that was made for one server is of no use on another, nor after that has a new certificate", async () => {
  const elsewhere = await instanceOn(one, "market@2");
  const proof = proveIdentity(client, server.certificate);
  expect(() => identify(proof, elsewhere.certificate)).toThrow("not proved on this connection that it has its key");
});

test("somebody else's certificate is no proof", () => {
  const liar = { ...client, key: createKeyPair() };
  expect(() => identify(proveIdentity(liar, server.certificate))).toThrow("not proved on this connection");
  // With its own key, but somebody else's certificate.
  const borrowed = { ...server, certificate: client.certificate };
  expect(() => identify(proveIdentity(borrowed, server.certificate))).toThrow("not proved on this connection");
});

test("a proof is as good as its certificate: time and revocation count", () => {
  const proof = proveIdentity(client, server.certificate);
  const revoked = createTrust(one.authorityPem, () => true);
  expect(() => identify(proof, server.certificate, revoked)).toThrow("was revoked");
  expect(() => verifyProof(proof, server.certificate, one.trust, client.notAfterMs * 2)).toThrow("expired");
});

test("a proof of which any byte is changed is refused", () => {
  const proof = proveIdentity(client, server.certificate);
  for (let index = 0; index < proof.length; index++) {
    const changed = Uint8Array.from(proof);
    changed[index]! ^= 1;
    expect(() => identify(changed)).toThrow(/^checking who 192.0.2.7:9043 is: /);
  }
});

test("a proof that is too short or too long is refused before it is looked at", () => {
  for (const length of [0, 1, 64, PROOF_BYTES_MAX + 1]) {
    expect(() => identify(new Uint8Array(length))).toThrow(
      `expected a proof of 65 to ${PROOF_BYTES_MAX} bytes, found ${length}`,
    );
  }
});
