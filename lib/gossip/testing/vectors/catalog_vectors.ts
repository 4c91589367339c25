import { MINUTE } from "../../../base/mod.ts";
import { type NodeIdentity, verifyNodeSignature } from "../../../net/identity/mod.ts";
import { VECTOR_TIME_MS, type VectorWorld, vectorWorld } from "../../../net/identity/testing/mod.ts";
import { Catalog, type OwnEntry } from "../../catalog/mod.ts";
import { hash64 } from "../../catalog/content_hash.ts";
import { type CatalogRecord, makeRecord } from "../../catalog/record.ts";
import { parseSync } from "../../catalog/sync_message.ts";

const FULL: OwnEntry = {
  service: "hello",
  instance: "hello@2",
  species: "a7474d0577529b8c",
  release: 3,
  quicPort: 40_001,
  tlsPort: 40_002,
  load: 128,
  health: "degraded",
  access: true,
};
const PLAIN: OwnEntry = {
  service: "web",
  instance: "web",
  species: "00112233445566ff",
  release: undefined,
  quicPort: 0,
  tlsPort: 443,
  load: 0,
  health: "up",
  access: false,
};
const VERSION = VECTOR_TIME_MS + 5;

/** The text of `docs/vectors/catalog.json`. */
export async function catalogDocument(): Promise<string> {
  const world = await vectorWorld();
  const document = {
    timeMs: VECTOR_TIME_MS,
    hashes: [new Uint8Array(0), Uint8Array.of(0), Buffer.from("cell")].map((bytes) => ({
      bytes: hex(bytes),
      hash: hashHex(bytes),
    })),
    ...records(world),
    conversation: conversation(world),
    refusedMessages: refusedMessages(),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** An entry of ada's as it is told in broadcasts and exchanges. */
export function entryRecord({ ada }: VectorWorld): CatalogRecord {
  return makeRecord(ada.nodeId, VERSION, FULL, FULL, (bytes) => ada.sign(bytes));
}

function records(world: VectorWorld) {
  const { ada, bob } = world;
  const sign = (bytes: Uint8Array) => ada.sign(bytes);
  const full = entryRecord(world);
  const changed = (at: number, value: number) => hex(full.bytes.map((byte, index) => index === at ? value : byte));
  return {
    records: [
      full,
      makeRecord(ada.nodeId, VERSION + 1, PLAIN, { ...PLAIN, health: "down" }, sign),
      makeRecord(bob.nodeId, VERSION + 2, PLAIN, PLAIN, (bytes) => bob.sign(bytes)),
      makeRecord(ada.nodeId, VERSION + 3, FULL, undefined, sign),
    ].map(recordVector),
    refusedRecords: [
      { name: "another format", record: changed(0, 2), refused: "malformed" },
      { name: "an unknown flag", record: changed(1, full.bytes[1]! | 0x20), refused: "malformed" },
      { name: "an unknown health", record: changed(1, full.bytes[1]! | 0b11), refused: "malformed" },
      { name: "a tombstone with a release", record: changed(1, 0b1000), refused: "malformed" },
      { name: "a name with a capital letter", record: changed(27, 0x48), refused: "malformed" },
      { name: "an instance of another service", record: changed(27, 0x78), refused: "malformed" },
      { name: "a byte too many", record: `${hex(full.bytes)}00`, refused: "malformed" },
      { name: "a changed load", record: changed(full.bytes.length - 65, 129), refused: "forged" },
      {
        name: "a version more than a day ahead",
        record: hex(makeRecord(ada.nodeId, VECTOR_TIME_MS + 24 * 60 * MINUTE + 1, FULL, FULL, sign).bytes),
        refused: "future",
      },
    ],
  };
}

function recordVector({ bytes, node, version, service, instance, entry, keyHash }: CatalogRecord) {
  const { species, release, quicPort, tlsPort, load, health, access } = entry ?? {};
  return {
    record: hex(bytes),
    hash: hashHex(bytes),
    keyHash: keyHash.toString(16).padStart(16, "0"),
    node,
    version,
    service,
    instance,
    ...(entry === undefined
      ? {}
      : { entry: { species, release: release ?? null, quicPort, tlsPort, load, health, access } }),
  };
}

/** Two nodes compare what they have: every message, until nothing is left to say. */
function conversation({ ada, bob }: VectorWorld) {
  const [adas, bobs] = [catalogOf(ada, bob), catalogOf(bob, ada)];
  adas.put(FULL, VECTOR_TIME_MS);
  // Ada has heard of one of bob's entries, and not of the other.
  const [known] = bobs.put(PLAIN, VECTOR_TIME_MS);
  adas.receive(known!.payload, VECTOR_TIME_MS);
  bobs.put({ ...PLAIN, service: "api", instance: "api@1", release: 1 }, VECTOR_TIME_MS);
  // Bob has heard of an entry of ada's, and not of its end.
  const [told] = adas.put({ ...PLAIN, service: "shop", instance: "shop@1" }, VECTOR_TIME_MS + 1);
  bobs.receive(told!.payload, VECTOR_TIME_MS + 1);
  adas.remove("shop", "shop@1", VECTOR_TIME_MS + 2);
  const messages: object[] = [];
  let [reader, other, from] = [bobs, adas, "ada"];
  for (let message = adas.digest(); message.length > 0;) {
    messages.push({ from, message: hex(message), ...messageVector(message) });
    reader.merge(message, VECTOR_TIME_MS + 3);
    message = reader.diff(message);
    [reader, other, from] = [other, reader, from === "ada" ? "bob" : "ada"];
  }
  return messages;
}

function catalogOf(self: NodeIdentity, other: NodeIdentity): Catalog {
  const keys = new Map([self, other].map(({ nodeId, publicKey }) => [nodeId, publicKey]));
  const catalog = new Catalog({
    self: self.nodeId,
    sign: (bytes) => self.sign(bytes),
    verify: (node, bytes, signature) => {
      const key = keys.get(node);
      return key !== undefined && verifyNodeSignature(key, bytes, signature);
    },
    firstVersion: VECTOR_TIME_MS,
  });
  catalog.nodeJoined(other.nodeId, VECTOR_TIME_MS);
  return catalog;
}

/** What a message of anti-entropy says. */
export function messageVector(message: Uint8Array): object {
  const { isCut, digest, outlines, wants, records: carried } = parseSync(message)!;
  const owners = [...digest?.owners ?? []].map(([owner, { isAlive, hashHigh, hashLow }]) => ({
    owner,
    isAlive,
    hash: halves(hashHigh, hashLow),
  }));
  return {
    isCut,
    ...(digest === undefined ? {} : { digest: { from: digest.from, until: digest.until, owners } }),
    outlines: [...outlines].map(([owner, outlined]) => ({
      owner,
      records: [...outlined].map(([keyHash, { version, hashHigh, hashLow }]) => ({
        keyHash: wide(keyHash),
        version,
        hash: halves(hashHigh, hashLow),
      })),
    })),
    wants: [...wants].map(([owner, keyHashes]) => ({ owner, keyHashes: [...keyHashes].map(wide) })),
    records: carried.map(hex),
  };
}

function refusedMessages() {
  const owner = "0a".repeat(16);
  return [
    { name: "another format", message: "0200" },
    { name: "an unknown flag", message: "0102" },
    { name: "no flags", message: "01" },
    { name: "an unknown section", message: "010005" },
    { name: "a record that is cut off", message: "010004" + "0002" + "00" },
    { name: "two digests", message: `0100${`01${owner}${owner}0000`.repeat(2)}` },
    { name: "an owner's outline twice", message: `0100${`02${owner}0000`.repeat(2)}` },
    { name: "a hash of a key above 2^53 - 1", message: `010003${owner}0001${"ff".repeat(8)}` },
  ];
}

function hashHex(bytes: Uint8Array): string {
  const { high, low } = hash64(bytes);
  return halves(high, low);
}

function halves(high: number, low: number): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function wide(value: number): string {
  return value.toString(16).padStart(16, "0");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
