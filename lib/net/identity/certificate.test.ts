import "reflect-metadata";
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate as LibraryCertificate } from "@peculiar/x509";
import { CERTIFICATE_BYTES_MAX, readCertificate } from "./certificate.ts";
import { KeyUse } from "./certificate_extensions.ts";
import type { Credentials } from "./credentials.ts";
import { issueCertificate } from "./issue_certificate.ts";
import { createKeyPair, verifyRaw } from "./keys.ts";
import { keyIdOf } from "./node_id.ts";
import type { NodeIdentity } from "./node_identity.ts";
import { cluster, FOUNDED_MS, instanceOn } from "./testing/cluster.ts";
import { forge, type Forgery } from "./testing/forge.ts";

setDefaultTimeout(120_000);

let one: NodeIdentity;
let hello: Credentials;
const key = createKeyPair();

beforeAll(async () => {
  ({ one } = await cluster());
  hello = await instanceOn(one);
});

/** DER of one element. */
function der(tag: number, ...content: (Uint8Array | number[])[]): Uint8Array {
  const bytes = Buffer.concat(content.map((part) => Uint8Array.from(part)));
  const { length: count } = bytes;
  const length = count < 0x80 ? [count] : count < 0x100 ? [0x81, count] : [0x82, count >> 8, count & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...length]), bytes]);
}

function forged(changes: Partial<Forgery>): Promise<Uint8Array> {
  return forge({ publicKey: key.publicKey, signer: one.key, issuer: "one", ...changes });
}

/** An extension 1.2.3.N. */
function extension(number: number, isCritical: boolean): Uint8Array {
  return der(0x30, der(0x06, [0x2a, 0x03, number]), isCritical ? der(0x01, [0xff]) : [], der(0x04, [0x05, 0x00]));
}

test("what is read of a certificate is what two other readers read of it", () => {
  for (const bytes of [hello.certificate, one.certificate.der, one.trust.authority.der]) {
    const found = readCertificate(bytes);
    const native = new X509Certificate(bytes);
    const library = new LibraryCertificate(Uint8Array.from(bytes));
    expect(`CN=${found.name}`).toBe(native.subject);
    expect(found.notBeforeMs).toBe(Date.parse(native.validFrom));
    expect(found.notAfterMs).toBe(library.notAfter.getTime());
    expect(found.isIssuer).toBe(native.ca);
    const info = native.publicKey.export({ type: "spki", format: "der" });
    expect(Buffer.compare(found.publicKey, info.subarray(-found.publicKey.length))).toBe(0);
    expect(native.subjectAltName).toBe(found.uri === undefined ? undefined : `URI:${found.uri}`);
    expect(Buffer.from(found.signature)).toEqual(Buffer.from(library.signature));
  }
});

test("the three kinds of certificates say what each may do", () => {
  const { KEY, ISSUER } = { KEY: KeyUse.DIGITAL_SIGNATURE, ISSUER: KeyUse.DIGITAL_SIGNATURE | KeyUse.CERTIFICATE_SIGN };
  expect(one.trust.authority).toMatchObject({ isIssuer: true, pathLength: 1, keyUse: ISSUER });
  expect(one.certificate).toMatchObject({ isIssuer: true, pathLength: 0, keyUse: ISSUER });
  expect(readCertificate(hello.certificate)).toMatchObject({
    isIssuer: false,
    pathLength: undefined,
    keyUse: KEY,
    isForServers: true,
    isForClients: true,
  });
});

test("a stack that knows X.509 only follows the chain, too", () => {
  const [leaf, node, root] = [hello.certificate, one.certificate.der, one.trust.authority.der].map((bytes) =>
    new X509Certificate(bytes)
  );
  expect(leaf!.checkIssued(node!) && leaf!.verify(node!.publicKey)).toBe(true);
  expect(node!.checkIssued(root!) && node!.verify(root!.publicKey)).toBe(true);
  expect(hello.chainPem).toBe(`${leaf}${node}`);
});

test("the signed part of a certificate is what its issuer's signature is over", () => {
  const { signed, signature, issuerKeyId, nodeCertificate } = readCertificate(hello.certificate);
  expect(verifyRaw(one.publicKey, signed, signature)).toBe(true);
  expect(verifyRaw(one.publicKey, signed.subarray(1), signature)).toBe(false);
  expect(issuerKeyId).toEqual(keyIdOf(one.publicKey));
  expect(nodeCertificate).toEqual(Buffer.from(one.certificate.der));
});

test("an instance's certificate and its node's fit into two datagrams", () => {
  const longest = hello.certificate.length + one.certificate.der.length;
  expect(longest).toBeLessThan(2 * 1200 - 400);
  expect(hello.certificate.length).toBeLessThan(CERTIFICATE_BYTES_MAX / 2);
});

test("what is read does not change with the buffer that it was read from", () => {
  const buffer = Uint8Array.from(hello.certificate);
  const found = readCertificate(buffer);
  buffer.fill(0);
  expect(found.der).toEqual(hello.certificate);
  expect(found.publicKey).toEqual(hello.key.publicKey);
});

test("a time after 2049 is read in its longer form", async () => {
  const notAfterMs = Date.UTC(2051, 11, 31, 23, 59, 59);
  expect(readCertificate(await forged({ notAfterMs })).notAfterMs).toBe(notAfterMs);
});

test("a day that no month has is no time", async () => {
  const bytes = Buffer.from(await forged({ notBeforeMs: Date.UTC(2030, 3, 30, 12), notAfterMs: Date.UTC(2031, 0, 1) }));
  const at = bytes.indexOf("300430120000Z");
  expect(at).toBeGreaterThan(0);
  for (
    const wrong of [
      "300431120000Z",
      "301330120000Z",
      "300400120000Z",
      "300430250000Z",
      "300430126000Z",
      "300430120000+",
    ]
  ) {
    bytes.write(wrong, at, "latin1");
    expect(() => readCertificate(bytes)).toThrow(/a time is/);
  }
});

test("an extension that nobody knows is passed over, unless it is critical", async () => {
  expect(readCertificate(await forged({ more: [extension(4, false)] })).isIssuer).toBe(false);
  expect(await refusalOf({ more: [extension(4, true)] })).toContain("2a0304 is critical and not known");
});

test("an extension that is there twice is refused: two readers might take another one each", async () => {
  expect(await refusalOf({ more: [extension(4, false), extension(4, false)] })).toContain(
    "an extension is there twice",
  );
});

test("more extensions than any of ours has are refused", async () => {
  const more = Array.from({ length: 20 }, (_, number) => extension(number, false));
  expect(await refusalOf({ more })).toContain("at most 16 extensions");
});

test("a name that is no single URI is refused", async () => {
  const alternativeNames = (...names: Uint8Array[]) =>
    der(0x30, der(0x06, [0x55, 0x1d, 0x11]), der(0x04, der(0x30, ...names)));
  const uri = der(0x86, Buffer.from("cell://a"));
  const dns = der(0x82, Buffer.from("localhost"));
  for (const names of [[uri, uri], [uri, dns], [dns], []]) {
    expect(await refusalOf({ more: [alternativeNames(...names)] })).toMatch(/URI/);
  }
  expect(await refusalOf({ uri: `cell://${"a".repeat(250)}` })).toContain("a URI of at most 256 characters");
});

test("names that a terminal would obey are refused", async () => {
  for (const name of ["\x1b[2J", "a\nb", "ä", "a".repeat(65)]) {
    expect(await refusalOf({ name })).toMatch(/common name/);
  }
});

test("keys and signatures of other kinds are refused", async () => {
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const { rawData } = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: algorithm,
    name: "CN=a",
  });
  expect(() => readCertificate(new Uint8Array(rawData))).toThrow("expected Ed25519 keys and signatures only");
});

test("one certificate has one encoding: a length that could be shorter is refused", () => {
  // The outermost length is 0x82 and two bytes, so it can be written with one more.
  const content = hello.certificate.subarray(4);
  for (const length of [[0x83, 0, content.length >> 8, content.length & 0xff], [0x80], [0x84, 0, 0, 4, 0], [0xff]]) {
    expect(() => readCertificate(Uint8Array.from([0x30, ...length, ...content]))).toThrow(
      "the length of a certificate",
    );
  }
  expect(() => readCertificate(Uint8Array.from([0x30, 0x81, 0x01, 0x00]))).toThrow("not in its shortest form");
  expect(() => readCertificate(Uint8Array.from([0x30, 0x82, 0x00, 0xff]))).toThrow("not in its shortest form");
  for (const cut of [[], [0x30], [0x30, 0x82], [0x30, 0x82, 0x01], [0x30, 0x82, 0xff, 0xff]]) {
    expect(() => readCertificate(Uint8Array.from(cut))).toThrow(/is cut off|found the end/);
  }
});

test("a certificate has all of its parts, in their order, and none besides", () => {
  const outer = elementsOf(hello.certificate);
  const signed = elementsOf(outer[0]!);
  const put = (...parts: Uint8Array[]) => der(0x30, der(0x30, ...parts), ...outer.slice(1));
  expect(readCertificate(put(...signed)).name).toBe("hello");
  expect(() => readCertificate(der(0x30, ...outer, der(0x05)))).toThrow("bytes too many after the signature");
  expect(() => readCertificate(put(...signed, der(0x05)))).toThrow("bytes too many after the extensions");
  const [, serial, ...rest] = signed;
  for (const version of [0, 1, 3]) {
    expect(() => readCertificate(put(der(0xa0, der(0x02, [version])), serial!, ...rest))).toThrow("expected version 3");
  }
  const long = der(0x02, new Uint8Array(22).fill(1));
  expect(() => readCertificate(put(signed[0]!, long, ...rest))).toThrow("its serial number is too long");
  for (let index = 0; index < signed.length; index++) {
    expect(() => readCertificate(put(...signed.toSpliced(index, 1)))).toThrow(/expected|found/);
  }
});

test("a truth value has one encoding", () => {
  const bytes = Buffer.from(hello.certificate);
  const at = bytes.indexOf("0101ff", "hex") + 2;
  expect(at).toBeGreaterThan(2);
  for (const value of [0x00, 0x01, 0xfe]) {
    bytes[at] = value;
    expect(() => readCertificate(bytes)).toThrow("a truth value cannot be right");
  }
});

test("a node's certificate stands where it is looked for, in one encoding", async () => {
  const base64 = Buffer.from(one.certificate.der).toString("base64");
  const access = (kind: number, uri: string, ...more: Uint8Array[]) => {
    const entry = der(0x30, der(0x06, [0x2b, 6, 1, 5, 5, 7, 0x30, kind]), der(0x86, Buffer.from(uri)));
    return [der(0x30, der(0x06, [0x2b, 6, 1, 5, 5, 7, 1, 1]), der(0x04, der(0x30, entry, ...more)))];
  };
  const prefix = "data:application/pkix-cert;base64,";
  const found = readCertificate(await forged({ more: access(2, prefix + base64) }));
  expect(found.nodeCertificate).toEqual(Buffer.from(one.certificate.der));
  for (const text of [`${base64} `, base64.replace(/=*$/, "!"), `${base64}====`, base64.slice(1)]) {
    expect(await refusalOf({ more: access(2, prefix + text) })).toContain("is not in base64");
  }
  for (const more of [access(1, prefix + base64), access(2, "http://a/b"), access(2, prefix + base64, der(0x30))]) {
    expect(await refusalOf({ more })).toMatch(/no other information|only information access/);
  }
});

/** The elements within an element, each whole. */
function elementsOf(element: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const headerBytes = (at: number) => element[at + 1]! < 0x80 ? 2 : 2 + (element[at + 1]! & 0x7f);
  for (let at = headerBytes(0); at < element.length;) {
    const start = at;
    let length = element[at + 1]!;
    if (length >= 0x80) {
      length = Number(`0x${Buffer.from(element.subarray(at + 2, at + headerBytes(at))).toString("hex")}`);
    }
    at += headerBytes(at) + length;
    found.push(element.subarray(start, at));
  }
  return found;
}

test("a certificate of the largest names is still read", async () => {
  const service = "s".repeat(63);
  const { der } = await issueCertificate({
    name: service,
    publicKey: key.publicKey,
    notBeforeMs: FOUNDED_MS,
    notAfterMs: FOUNDED_MS + 1,
    pathLength: undefined,
    uri: `cell://${"0".repeat(32)}/${"1".repeat(32)}/${service}/${service}@9999`,
    nodeCertificate: one.certificate.der,
  }, { name: "n".repeat(63), key: one.key });
  expect(readCertificate(der).name).toBe(service);
});

test("the library that writes certificates is loaded by issuing one, and by nothing else", () => {
  const sources = readdirSync(import.meta.dir).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(20);
  const eager = sources.filter((name) => {
    const text = readFileSync(join(import.meta.dir, name), "utf8");
    return name !== "x509.ts" &&
      /^(?:import|export)\s+(?!type\b)[^"();]*"(?:@peculiar\/x509|reflect-metadata|\.\/x509\.ts)"/m.test(text);
  });
  expect(eager).toEqual([]);
  const script = `await import(${
    JSON.stringify(join(import.meta.dir, "mod.ts"))
  }); console.log(typeof Reflect.getMetadata);`;
  const child = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, BUN_BE_BUN: "1" } });
  expect(child.stdout.toString().trim()).toBe("undefined");
});

async function refusalOf(changes: Partial<Forgery>): Promise<string> {
  const bytes = await forged(changes);
  try {
    readCertificate(bytes);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected the certificate to be refused");
}
