import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, createAuthority, NODE_LIFETIME_MS } from "./authority.ts";
import { type AdoptedIdentity, adoptIdentity, initIdentity, loadIdentity } from "./identity_file.ts";
import { KeyFolder } from "./key_folder.ts";
import { createKeyPair } from "./keys.ts";
import { createNodeRequest } from "./node_request.ts";
import { PEM_BYTES_MAX } from "./pem.ts";
import { FOUNDED_MS, instanceOn } from "./testing/cluster.ts";
import { failingFileSystem } from "./testing/power_failure.ts";

let folder: string;
let there: Authority;
const key = createKeyPair();
let admission: AdoptedIdentity;

beforeAll(async () => {
  there = await createAuthority(FOUNDED_MS);
  admission = await admittedBy(there);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-identity-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "identity.pem");

async function admittedBy(authority: Authority, nowMs = FOUNDED_MS, by = key): Promise<AdoptedIdentity> {
  const { certificatePem } = await authority.issueNode(createNodeRequest(by, "joined"), nowMs);
  return { key: by, certificatePem, authorityPem: authority.certificatePem };
}

test("a machine is nobody until it founds a cluster, and then the same for ever", async () => {
  expect(loadIdentity(folder)).toBeUndefined();
  const { node, authority } = await initIdentity(folder, "one", FOUNDED_MS);
  expect(node.name).toBe("one");
  expect(authority?.clusterId).toBe(node.clusterId);
  const again = await initIdentity(folder, "another-name", FOUNDED_MS + 1);
  const loaded = loadIdentity(folder);
  for (const found of [again, loaded]) {
    expect(found?.node.nodeId).toBe(node.nodeId);
    expect(found?.node.name).toBe("one");
    expect(found?.authority?.fingerprint).toEqual(authority!.fingerprint);
  }
  expect((await instanceOn(loaded!.node)).identity.node).toBe(node.nodeId);
});

test("the file is its user's alone, and nothing else is left beside it", async () => {
  await initIdentity(folder, "one", FOUNDED_MS);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["identity.pem"]);
});

test("of many that found a cluster at once, all are of the same one", async () => {
  const found = await Promise.all(Array.from({ length: 8 }, () => initIdentity(folder, "one", FOUNDED_MS)));
  expect(new Set(found.map(({ node }) => node.nodeId)).size).toBe(1);
  expect(found.map(({ authority }) => authority?.clusterId)).toEqual(found.map(({ node }) => node.clusterId));
});

test("a machine that was admitted is a member and holds no authority's key", () => {
  const { node, authority } = adoptIdentity(folder, admission);
  expect(authority).toBeUndefined();
  expect(loadIdentity(folder)).toMatchObject({ authority: undefined });
  expect(loadIdentity(folder)?.node.nodeId).toBe(node.nodeId);
  expect(node.clusterId).toBe(there.clusterId);
  expect(readFileSync(file(), "utf8").match(/BEGIN PRIVATE KEY/g)?.length).toBe(1);
});

test("a first node whose certificate is renewed stays the authority", async () => {
  const { node, authority } = await initIdentity(folder, "one", FOUNDED_MS);
  const renewed = await admittedBy(authority!, FOUNDED_MS + NODE_LIFETIME_MS / 2, node.key);
  expect(adoptIdentity(folder, renewed).authority?.clusterId).toBe(node.clusterId);
  const loaded = loadIdentity(folder);
  expect(loaded?.node.nodeId).toBe(node.nodeId);
  expect(loaded?.node.notAfterMs).toBe(FOUNDED_MS + NODE_LIFETIME_MS * 1.5);
  expect(loaded?.authority?.clusterId).toBe(node.clusterId);
  expect(readdirSync(folder)).toEqual(["identity.pem"]);
});

test("a first node that joins another cluster keeps its old authority's key in a file of its own", async () => {
  const { node } = await initIdentity(folder, "one", FOUNDED_MS);
  const before = readFileSync(file());
  adoptIdentity(folder, admission);
  expect(loadIdentity(folder)?.node.clusterId).toBe(there.clusterId);
  expect(readdirSync(folder).sort()).toEqual([`identity-${node.clusterId}.pem`, "identity.pem"]);
  expect(readFileSync(join(folder, `identity-${node.clusterId}.pem`))).toEqual(before);
});

test("whenever the power fails while it joins, a machine is what it was or what it was to become", async () => {
  const { node } = await initIdentity(folder, "one", FOUNDED_MS);
  const before = readFileSync(file());
  const seen = new Set<string>();
  for (let calls = 0; calls < 200; calls++) {
    rmSync(join(folder, `identity-${node.clusterId}.pem`), { force: true });
    writeFileSync(file(), before, { mode: 0o600 });
    let isDone = false;
    try {
      adoptIdentity(new KeyFolder(folder, failingFileSystem(calls)), admission);
      isDone = true;
    } catch {
      // What is there counts.
    }
    const found = loadIdentity(folder)!;
    expect([node.clusterId, there.clusterId]).toContain(found.node.clusterId);
    seen.add(found.node.clusterId);
    // The old authority's key is never lost.
    const kept = readdirSync(folder).includes(`identity-${node.clusterId}.pem`);
    expect(kept || found.authority?.clusterId === node.clusterId).toBe(true);
    if (isDone) break;
  }
  expect(seen.size).toBe(2);
});

test("what does not belong together is not adopted, and changes nothing", async () => {
  await initIdentity(folder, "one", FOUNDED_MS);
  const before = readFileSync(file());
  const stranger = createKeyPair();
  const foreign = (await createAuthority(FOUNDED_MS)).certificatePem;
  for (const wrong of [{ key: stranger }, { certificatePem: "" }, { authorityPem: foreign }, { authorityPem: "" }]) {
    expect(() => adoptIdentity(folder, { ...admission, ...wrong })).toThrow();
  }
  expect(readFileSync(file())).toEqual(before);
  expect(readdirSync(folder)).toEqual(["identity.pem"]);
});

test("a certificate that has expired is loaded: somebody has to say so", () => {
  adoptIdentity(folder, admission);
  expect(loadIdentity(folder)?.node.notAfterMs).toBe(FOUNDED_MS + NODE_LIFETIME_MS);
});

test("a key that others can read is refused", () => {
  adoptIdentity(folder, admission);
  chmodSync(file(), 0o644);
  expect(() => loadIdentity(folder)).toThrow(`run chmod 600 ${file()}`);
  expect(() => adoptIdentity(folder, admission)).toThrow("chmod 600");
});

test("a file that is damaged in any way is refused with its name and what to do, and never quoted", async () => {
  const { node } = await initIdentity(folder, "one", FOUNDED_MS);
  const text = readFileSync(file(), "utf8");
  const blocks = text.match(/-----BEGIN [\s\S]*?-----END [A-Z ]+-----\n/g)!;
  const [nodeKey, certificate, authorityCertificate, authorityKey] = blocks as [string, string, string, string];
  const damaged = [
    "",
    "hello",
    nodeKey,
    nodeKey + certificate,
    certificate + nodeKey + authorityCertificate,
    nodeKey + authorityCertificate + certificate,
    authorityKey + certificate + authorityCertificate,
    nodeKey + certificate + authorityCertificate + nodeKey,
    text + authorityKey,
    text.replaceAll("A", "B"),
    text.slice(0, text.length / 2),
    "\0".repeat(1_000),
  ];
  for (const content of damaged) {
    writeFileSync(file(), content, { mode: 0o600 });
    expect(() => loadIdentity(folder)).toThrow(`reading ${file()}: `);
    expect(() => loadIdentity(folder)).toThrow("Restore it from a copy; or move it away and join again.");
    expect(() => loadIdentity(folder)).not.toThrow(nodeKey.slice(40, 60));
    await expect(initIdentity(folder, "one", FOUNDED_MS)).rejects.toThrow(`reading ${file()}: `);
    expect(readFileSync(file(), "utf8")).toBe(content);
  }
  writeFileSync(file(), text.replace(/^The key.*$/m, "").replaceAll("\n", "\r\n"), { mode: 0o600 });
  expect(loadIdentity(folder)?.node.nodeId).toBe(node.nodeId);
});

test("a file that is too long is not read", () => {
  writeFileSync(file(), "x".repeat(PEM_BYTES_MAX + 1), { mode: 0o600 });
  expect(() => loadIdentity(folder)).toThrow("expected at most 65536 bytes");
});
