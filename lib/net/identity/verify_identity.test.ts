import "reflect-metadata";
import { beforeAll, describe, expect, test } from "bun:test";
import { CellError, MINUTE, seededRandom } from "../../base/mod.ts";
import { type Authority, AUTHORITY_LIFETIME_MS, createAuthority, NODE_LIFETIME_MS } from "./authority.ts";
import { CERTIFICATE_BYTES_MAX } from "./certificate.ts";
import type { Credentials } from "./credentials.ts";
import { formatIdentity, formatNodeUri } from "./identity_uri.ts";
import { createKeyPair } from "./keys.ts";
import { keyIdOf, nodeIdOf, shortId } from "./node_id.ts";
import { INSTANCE_LIFETIME_MS, type NodeIdentity } from "./node_identity.ts";
import { CLOCK_TOLERANCE_MS } from "./refusal.ts";
import { admit, cluster, FOUNDED_MS, instanceOn } from "./testing/cluster.ts";
import { CLIENT, forge, type Forgery, SERVER } from "./testing/forge.ts";
import { createTrust, type Trust } from "./trust.ts";
import { verifyIdentity } from "./verify_identity.ts";

const CERTIFICATE_SIGN = 32;
const DIGITAL_SIGNATURE = 1;

let authority: Authority;
let one: NodeIdentity;
let other: NodeIdentity;
let hello: Credentials;
let trust: Trust;
const key = createKeyPair();

beforeAll(async () => {
  ({ authority, one, other } = await cluster());
  hello = await instanceOn(one);
  trust = one.trust;
});

/** What is said to a peer that shows this certificate; fails when it is let in. */
function refusal(der: Uint8Array | undefined, { nowMs = FOUNDED_MS, by = trust } = {}): string {
  let found: unknown;
  try {
    found = verifyIdentity(der, by, nowMs, "192.0.2.7:9043");
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    expect((error as CellError).code).toBe("UNAUTHENTICATED");
    expect((error as CellError).message).toStartWith("checking who 192.0.2.7:9043 is: ");
    return (error as CellError).message;
  }
  throw new Error(`expected a refusal, found ${JSON.stringify(found)}`);
}

/** As `one` would issue it, but for what is said otherwise. */
function forgeInstance(changes: Partial<Forgery>): Promise<Uint8Array> {
  return forge({
    publicKey: key.publicKey,
    signer: one.key,
    issuer: one.name,
    uri: uriOn(one),
    nodeCertificate: one.certificate.der,
    ...changes,
  });
}

/** As the authority would issue it to the holder of `key`, but for what is said otherwise. */
function forgeNode(changes: Partial<Forgery>): Promise<Uint8Array> {
  return forge({
    publicKey: key.publicKey,
    signer: authority.key,
    issuer: trust.authority.name,
    name: "forged",
    uri: formatNodeUri(authority.clusterId, nodeIdOf(key.publicKey)),
    isIssuer: true,
    pathLength: 0,
    keyUsage: CERTIFICATE_SIGN | DIGITAL_SIGNATURE,
    notAfterMs: FOUNDED_MS + NODE_LIFETIME_MS,
    ...changes,
  });
}

/** An instance below a node with the certificate `node` and the key `key`. */
function forgeBelow(node: Uint8Array, changes: Partial<Forgery> = {}): Promise<Uint8Array> {
  const uri = formatIdentity({
    cluster: authority.clusterId,
    node: nodeIdOf(key.publicKey),
    service: "hello",
    instance: "hello",
  });
  return forgeInstance({ signer: key, issuer: "forged", uri, nodeCertificate: node, ...changes });
}

function uriOn(node: NodeIdentity): string {
  return formatIdentity({ cluster: node.clusterId, node: node.nodeId, service: "hello", instance: "hello@2" });
}

test("an instance is who its node says it is", () => {
  expect(verifyIdentity(hello.certificate, trust, FOUNDED_MS)).toEqual({
    cluster: authority.clusterId,
    node: one.nodeId,
    nodeName: one.name,
    service: "hello",
    instance: "hello@2",
  });
});

test("the forgeries of these tests are refused for what is forged only: without any they are taken", async () => {
  expect(verifyIdentity(await forgeInstance({}), trust, FOUNDED_MS)).toMatchObject({ node: one.nodeId });
  const below = await forgeBelow(await forgeNode({}));
  expect(verifyIdentity(below, trust, FOUNDED_MS)).toMatchObject({ node: nodeIdOf(key.publicKey) });
});

test("a peer without a certificate is told to join", () => {
  expect(refusal(undefined)).toContain(`it has no certificate; expected one of an instance of cluster`);
  expect(refusal(undefined)).toContain("cell join");
});

describe("time", () => {
  const lastMs = FOUNDED_MS + INSTANCE_LIFETIME_MS + CLOCK_TOLERANCE_MS;
  const firstMs = FOUNDED_MS - 2 * CLOCK_TOLERANCE_MS;

  test("a certificate is taken ten minutes longer at both ends, for clocks differ", () => {
    for (const nowMs of [firstMs, FOUNDED_MS, lastMs]) {
      expect(() => verifyIdentity(hello.certificate, trust, nowMs)).not.toThrow();
    }
  });

  test("one that has expired is refused with the time since, this machine's clock, and who renews it", () => {
    expect(refusal(hello.certificate, { nowMs: lastMs + 1 })).toEndWith(
      `the certificate of hello@2 on node ${
        shortId(one.nodeId)
      } expired 10 min ago, at 2030-01-01T01:00:00Z (this machine's ` +
        "clock says 2030-01-01T01:10:00Z). A node's agent renews its instances' certificates: see on that machine whether it " +
        "runs (cell status). Or a clock is wrong.",
    );
  });

  test("one that is not yet valid is refused with how far the clocks are apart at least", () => {
    const message = refusal(hello.certificate, { nowMs: firstMs - 10 * MINUTE });
    expect(message).toContain("is not yet valid: it begins at 2029-12-31T23:50:00Z");
    expect(message).toContain("differ by 30 min or more");
  });

  test("below a node whose certificate has expired, no instance is taken", async () => {
    const node = await forgeNode({ notAfterMs: FOUNDED_MS });
    const message = refusal(await forgeBelow(node), { nowMs: FOUNDED_MS + CLOCK_TOLERANCE_MS + 1 });
    expect(message).toContain(
      `the certificate of node ${shortId(nodeIdOf(key.publicKey))} (forged) expired 10 min ago`,
    );
    expect(message).toContain("cell join");
  });

  test("below a node whose certificate begins later, no instance is taken", async () => {
    const node = await forgeNode({ notBeforeMs: FOUNDED_MS + CLOCK_TOLERANCE_MS + 1_000 });
    expect(refusal(await forgeBelow(node))).toContain("(forged) is not yet valid");
  });

  test("after its authority, no instance is taken", () => {
    const nowMs = FOUNDED_MS + AUTHORITY_LIFETIME_MS + CLOCK_TOLERANCE_MS + 1;
    expect(refusal(hello.certificate, { nowMs })).toContain(
      `the certificate of cluster ${shortId(authority.clusterId)}'s authority expired`,
    );
  });

  test("a clock that says nothing at all is an error, not a way in", () => {
    for (const nowMs of [NaN, Infinity, -Infinity, 1e300]) {
      expect(() => verifyIdentity(hello.certificate, trust, nowMs)).toThrow("a clock says");
    }
  });
});

describe("another cluster", () => {
  test("its instances are refused with both clusters' ids", async () => {
    const there = await cluster();
    const message = refusal((await instanceOn(there.one)).certificate);
    expect(message).toContain(`expected ${shortId(authority.clusterId)}, found ${shortId(there.authority.clusterId)}`);
    expect(message).toContain("cell join");
  });

  test("its nodes cannot name instances of this one", async () => {
    const there = await cluster();
    const uri = formatIdentity({ ...hello.identity, node: there.one.nodeId });
    const der = await forgeInstance({
      signer: there.one.key,
      issuer: there.one.name,
      uri,
      nodeCertificate: there.one.certificate.der,
    });
    expect(refusal(der)).toContain(`found ${shortId(there.authority.clusterId)}`);
  });

  test("a node of this one cannot name instances of it, nor be one of both", async () => {
    const elsewhere = "0".repeat(32);
    const uri = formatIdentity({ ...hello.identity, cluster: elsewhere });
    expect(refusal(await forgeInstance({ uri }))).toContain(`found ${shortId(elsewhere)}`);
    const node = await forgeNode({ uri: formatNodeUri(elsewhere, nodeIdOf(key.publicKey)) });
    expect(refusal(await forgeBelow(node))).toContain(`found ${shortId(elsewhere)}`);
  });

  test("its authority cannot issue nodes of this one, whatever they say of their issuer", async () => {
    const { key: foreign, clusterId } = await createAuthority(FOUNDED_MS);
    expect(refusal(await forgeBelow(await forgeNode({ signer: foreign })))).toContain(`found ${shortId(clusterId)}`);
    const issuerKeyId = keyIdOf(authority.key.publicKey);
    const liar = await forgeNode({ signer: foreign, issuerKeyId });
    expect(refusal(await forgeBelow(liar))).toContain("authority and is not signed by it");
  });

  test("a node's certificate must be issued in the authority's name", async () => {
    const node = await forgeNode({ issuer: "somebody" });
    expect(refusal(await forgeBelow(node))).toContain("authority and is not signed by it");
  });
});

describe("nodes", () => {
  test("one cannot speak for the other", async () => {
    const message = refusal(await forgeInstance({ uri: uriOn(other) }));
    expect(message).toContain(`names node ${shortId(other.nodeId)} and is issued by node ${shortId(one.nodeId)} (one)`);
  });

  test("one cannot sign in the other's name, with its certificate", async () => {
    for (const issuerKeyId of [keyIdOf(one.publicKey), keyIdOf(other.publicKey), undefined]) {
      const der = await forgeInstance({
        uri: uriOn(other),
        issuer: other.name,
        nodeCertificate: other.certificate.der,
        issuerKeyId,
      });
      expect(refusal(der)).toContain("claims to be issued by that node and is not signed with its key");
    }
  });

  test("an instance's certificate must say which key has signed it, and in whose name", async () => {
    expect(refusal(await forgeInstance({ issuerKeyId: undefined }))).toContain("not signed with its key");
    expect(refusal(await forgeInstance({ issuerKeyId: keyIdOf(other.publicKey) }))).toContain(
      "not signed with its key",
    );
    expect(refusal(await forgeInstance({ issuer: "somebody" }))).toContain("not signed with its key");
  });

  test("a node cannot have another one's id", async () => {
    const node = await forgeNode({ uri: formatNodeUri(authority.clusterId, other.nodeId) });
    expect(refusal(await forgeBelow(node))).toContain(`names node ${shortId(other.nodeId)}, whose key it has not`);
  });

  test("a node cannot make nodes", async () => {
    const second = await forgeNode({ signer: one.key, issuer: one.name });
    expect(refusal(await forgeBelow(second))).toContain("issued by the authority of another cluster");
    const liar = await forgeNode({ signer: one.key, issuerKeyId: keyIdOf(authority.key.publicKey) });
    expect(refusal(await forgeBelow(liar))).toContain("is not signed by it");
  });

  test("an instance cannot make instances", async () => {
    const below = await forgeInstance({ signer: hello.key, issuer: "hello", nodeCertificate: hello.certificate });
    expect(refusal(below)).toContain('"hello" is no node');
  });

  for (
    const [what, changes] of Object.entries<Partial<Forgery>>({
      "may make nodes": { pathLength: 1 },
      "has no path length": { pathLength: undefined },
      "may issue nothing": { isIssuer: false, pathLength: undefined },
      "may issue nothing, however far": { isIssuer: false, pathLength: 0 },
      "may not sign certificates": { keyUsage: DIGITAL_SIGNATURE },
      "has no URI": { uri: undefined },
      "has an instance's URI": { uri: `cell://${"0".repeat(32)}/${"0".repeat(32)}/hello/hello` },
    })
  ) {
    test(`a node that ${what} is none`, async () => {
      expect(refusal(await forgeBelow(await forgeNode(changes)))).toContain('"forged" is no node');
    });
  }

  test("the authority is no node", async () => {
    const uri = formatIdentity({ ...hello.identity, node: authority.clusterId });
    const nodeCertificate = trust.authority.der;
    const der = await forgeInstance({ signer: authority.key, issuer: trust.authority.name, uri, nodeCertificate });
    expect(refusal(der)).toContain("is no node");
  });

  test("a revoked one's instances are refused, and nobody else's", async () => {
    const by = createTrust(authority.certificatePem, (node) => node === one.nodeId);
    expect(refusal(hello.certificate, { by })).toContain(`node ${shortId(one.nodeId)} (one) was revoked`);
    const elsewhere = await instanceOn(other);
    expect(verifyIdentity(elsewhere.certificate, by, FOUNDED_MS)).toMatchObject({ node: other.nodeId });
  });
});

describe("instances", () => {
  test("the certificate of a node or of the authority is not an instance's", async () => {
    expect(refusal(one.certificate.der)).toContain(`that of node ${shortId(one.nodeId)} (one) itself`);
    expect(refusal(trust.authority.der)).toContain("expected one that a node issued to an instance");
    expect(refusal(await forgeInstance({ nodeCertificate: undefined }))).toContain("expected one that a node issued");
    const both = await forgeInstance({ isIssuer: true, keyUsage: CERTIFICATE_SIGN | DIGITAL_SIGNATURE });
    expect(refusal(both)).toContain("expected one that a node issued to an instance");
  });

  for (
    const [what, changes] of Object.entries<Partial<Forgery>>({
      "servers only": { extendedKeyUsage: [SERVER] },
      "clients only": { extendedKeyUsage: [CLIENT] },
      "something else": { extendedKeyUsage: ["1.3.6.1.5.5.7.3.4"] },
      "agreeing on keys": { keyUsage: 16 },
      "signing certificates, too": { keyUsage: CERTIFICATE_SIGN | DIGITAL_SIGNATURE },
    })
  ) {
    test(`one for ${what} is not for connections`, async () => {
      expect(refusal(await forgeInstance(changes))).toContain("is not for connections");
    });
  }

  for (
    const rest of [
      "",
      "/hello",
      "/hello/",
      "/hello/hello/",
      "/hello/hello/more",
      "//hello",
      "/Hello/Hello",
      "/hello/other",
      "/hello/other@2",
      "/hello/hello@0",
      "/hello/hello@10000",
      "/hello/hello@2@2",
      "/hello/12",
      "/cell/cell",
      "/cell/0",
      "/cell/-1",
      "/../..",
      "/hello/hello?x",
      "/hello/hello#x",
      "/h%65llo/hello",
      `/${"a".repeat(64)}/${"a".repeat(64)}`,
    ]
  ) {
    test(`a URI that ends in ${JSON.stringify(rest.slice(0, 20))} names no instance`, async () => {
      expect(refusal(await forgeInstance({ uri: formatNodeUri(one.clusterId, one.nodeId) + rest }))).toContain(
        "has the URI",
      );
    });
  }

  test("a URI of another kind or with ids that are none names no instance", async () => {
    const good = uriOn(one);
    for (
      const uri of [
        undefined,
        good.replace("cell:", "http:"),
        good.toUpperCase(),
        good.replace(one.nodeId, "1".repeat(31)),
      ]
    ) {
      expect(refusal(await forgeInstance({ uri }))).toContain("has the URI");
    }
  });

  test("a command at a shell, the agent and the only one of a service are instances", async () => {
    for (const [service, instance] of [["cell", "4711"], ["nucleus", "nucleus"], ["hello", "hello"]] as const) {
      const uri = formatIdentity({ ...hello.identity, service, instance });
      expect(verifyIdentity(await forgeInstance({ uri }), trust, FOUNDED_MS)).toMatchObject({ service, instance });
    }
  });
});

describe("hostile bytes", () => {
  test("a certificate of which any byte is changed is refused", () => {
    for (let index = 0; index < hello.certificate.length; index++) {
      const changed = Uint8Array.from(hello.certificate);
      changed[index]! ^= 1 << (index % 8);
      refusal(changed);
    }
  });

  test("a certificate that is cut off anywhere, or goes on, is refused", () => {
    for (let length = 0; length < hello.certificate.length; length++) refusal(hello.certificate.subarray(0, length));
    refusal(Uint8Array.from([...hello.certificate, 0]));
  });

  test("no bytes cause anything but a refusal", () => {
    const seed = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);
    const random = seededRandom(seed);
    try {
      for (let round = 0; round < 3_000; round++) {
        const bytes = Uint8Array.from(hello.certificate);
        // Lengths and tags are where a reader goes wrong.
        for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
          bytes[Math.floor(random() * bytes.length)] = [0x00, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xff][
            Math.floor(random() * 10)
          ]!;
        }
        if (Buffer.compare(bytes, hello.certificate) !== 0) refusal(bytes);
      }
    } catch (error) {
      throw new Error(`CELL_SEED=${seed} bun test lib/net/identity/verify_identity.test.ts`, { cause: error });
    }
  });

  test("long and deep bytes are refused at once", () => {
    expect(refusal(new Uint8Array(CERTIFICATE_BYTES_MAX + 1))).toContain(`at most ${CERTIFICATE_BYTES_MAX} bytes`);
    refusal(new Uint8Array(10_000_000).fill(0x30));
    refusal(new Uint8Array(CERTIFICATE_BYTES_MAX).fill(0x30));
    refusal(Uint8Array.from({ length: CERTIFICATE_BYTES_MAX }, (_, index) => index % 2 === 0 ? 0x30 : 0x80));
  });

  test("a chain within certificates goes no deeper than a node's", async () => {
    let der = one.certificate.der;
    for (let depth = 0; depth < 3; depth++) {
      der = await forgeNode({ signer: key, issuer: "forged", nodeCertificate: der });
    }
    expect(refusal(await forgeBelow(der))).toMatch(/another cluster|is none of a cell/);
  });
});

test("a node that was admitted later, and after a change of its clock, is as good", async () => {
  const late = await admit(authority, "late", FOUNDED_MS + NODE_LIFETIME_MS);
  const instance = await instanceOn(late, "hello", FOUNDED_MS + NODE_LIFETIME_MS);
  expect(verifyIdentity(instance.certificate, trust, FOUNDED_MS + NODE_LIFETIME_MS)).toMatchObject({
    node: late.nodeId,
  });
});
