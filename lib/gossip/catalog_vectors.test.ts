import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type NodeId, verifyNodeSignature } from "../net/identity/mod.ts";
import { vectorWorld } from "../net/identity/testing/mod.ts";
import { hash64 } from "./catalog/content_hash.ts";
import { areNames } from "./catalog/entry.ts";
import { Catalog, type OwnEntry, type Refusal } from "./catalog/mod.ts";
import { decodeRecord, makeRecord } from "./catalog/record.ts";
import { parseSync } from "./catalog/sync_message.ts";
import { catalogDocument, messageVector } from "./testing/vectors/catalog_vectors.ts";

interface RecordVector {
  record: string;
  hash: string;
  keyHash: string;
  node: NodeId;
  version: number;
  service: string;
  instance: string;
  entry?: Omit<OwnEntry, "service" | "instance" | "release"> & { release: number | null };
}

interface Document {
  timeMs: number;
  hashes: { bytes: string; hash: string }[];
  records: RecordVector[];
  refusedRecords: { name: string; record: string; refused: Refusal }[];
  conversation: { from: string; message: string }[];
  refusedMessages: { name: string; message: string }[];
}

const text = readFileSync(join(import.meta.dir, "../../docs/vectors/catalog.json"), "utf8");
const vectors = JSON.parse(text) as Document;
const identityVectors = JSON.parse(
  readFileSync(join(import.meta.dir, "../../docs/vectors/identity.json"), "utf8"),
) as { identities: { uri: string; service: string; instance: string }[]; refusedIdentities: string[] };
const bytesOf = Uint8Array.fromHex;

/** A catalogue of somebody else that knows the nodes of the vectors. */
async function observer(): Promise<Catalog> {
  const { ada, bob } = await vectorWorld();
  const keys = new Map([ada, bob].map(({ nodeId, publicKey }) => [nodeId, publicKey]));
  const catalog = new Catalog({
    self: "00".repeat(16),
    sign: () => new Uint8Array(64),
    verify: (node, bytes, signature) => keys.has(node) && verifyNodeSignature(keys.get(node)!, bytes, signature),
    firstVersion: vectors.timeMs,
  });
  for (const { nodeId } of [ada, bob]) catalog.nodeJoined(nodeId, vectors.timeMs);
  return catalog;
}

test("catalog.json is what the code makes; `make vectors` writes it again", async () => {
  expect(await catalogDocument()).toBe(text);
});

test("the catalogue has the names that certificates can have, and no others", () => {
  const { identities, refusedIdentities } = identityVectors;
  for (const { uri, service, instance } of identities) expect(areNames(service, instance), uri).toBe(true);
  // Of those refused, the ones in which nothing but the names is wrong.
  const scheme = identities[0]!.uri.slice(0, -`/${identities[0]!.service}/${identities[0]!.instance}`.length);
  const wrong = refusedIdentities.filter((uri) => uri.startsWith(`${scheme}/`)).map((uri) =>
    uri.slice(scheme.length + 1)
  )
    .filter((names) => names.split("/").length === 2);
  expect(wrong.length).toBeGreaterThan(3);
  for (const names of [...wrong, "x/x@y@z", "x/x@1@2", "x/y", "x/xy", "x/x@0", "x/x@01", "x/x@10000", "cell/cell"]) {
    const [service, instance] = names.split("/") as [string, string];
    expect(areNames(service, instance), names).toBe(false);
  }
});

test("bytes have the hashes beside them", () => {
  for (const { bytes, hash } of vectors.hashes) expect(hashOf(bytesOf(bytes))).toBe(hash);
});

test("records are read as what stands beside them, written the same with their owner's key, and taken", async () => {
  const { ada, bob } = await vectorWorld();
  for (const { record, hash, keyHash, node, version, service, instance, entry } of vectors.records) {
    const read = decodeRecord(bytesOf(record))!;
    expect(read).toMatchObject({ node, version, service, instance });
    expect(wide(read.keyHash)).toBe(keyHash);
    expect(hashOf(read.bytes)).toBe(hash);
    const said = entry === undefined ? undefined : { service, instance, ...entry, release: entry.release ?? undefined };
    expect(read.entry).toEqual(said === undefined ? undefined : { node, version, ...said });
    const owner = node === ada.nodeId ? ada : bob;
    const made = makeRecord(node, version, { service, instance }, said, (bytes) => owner.sign(bytes));
    expect(Buffer.from(made.bytes).toString("hex")).toBe(record);
    expect((await observer()).receive(bytesOf(record), vectors.timeMs)).toHaveLength(1);
  }
});

test("records that are none are refused for the reason beside them", async () => {
  for (const { name, record, refused } of vectors.refusedRecords) {
    const catalog = await observer();
    expect(catalog.receive(bytesOf(record), vectors.timeMs), name).toEqual([]);
    expect(catalog.stats.refused[refused], name).toBe(1);
  }
});

test("a conversation of two nodes says what stands beside its messages, and uses all sections", () => {
  const said = vectors.conversation.map(({ message }) => messageVector(bytesOf(message)));
  expect(said).toEqual(vectors.conversation.map(({ from: _from, message: _message, ...parts }) => parts));
  const sections = vectors.conversation.map(({ message }) => parseSync(bytesOf(message))!);
  expect(sections[0]!.digest).toBeDefined();
  for (const part of ["outlines", "wants"] as const) expect(sections.some((one) => one[part].size > 0)).toBe(true);
  expect(sections.some(({ records }) => records.length > 0)).toBe(true);
});

test("messages that are none are refused whole", () => {
  for (const { name, message } of vectors.refusedMessages) expect(parseSync(bytesOf(message)), name).toBeUndefined();
  expect(parseSync(new Uint8Array(0))).toBeDefined();
});

function hashOf(bytes: Uint8Array): string {
  const { high, low } = hash64(bytes);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function wide(value: number): string {
  return value.toString(16).padStart(16, "0");
}
