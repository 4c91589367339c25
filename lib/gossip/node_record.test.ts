import { beforeAll, expect, test } from "bun:test";
import { MINUTE, seededRandom } from "../base/mod.ts";
import { CLOCK_TOLERANCE_MS, NODE_LIFETIME_MS, type NodeIdentity } from "../net/identity/mod.ts";
import { encodeRecord, NODE_RECORD_BYTES_MAX, type NodeFacts } from "./node_record.ts";
import { RecordBook } from "./record_book.ts";
import { TestCluster } from "./testing/test_cluster.ts";

const FACTS: NodeFacts = {
  addresses: ["192.0.2.7", "2001:db8::7", "node.example"],
  nodePort: 9043,
  tlsPort: 9043,
  gossipPort: 9044,
  region: "eu",
  zone: "eu-1",
  version: "0.1.0",
  startedAtMs: 1_800_000_000_000,
  isAuthority: true,
};

let cluster: TestCluster;
let ada: NodeIdentity;
let bob: NodeIdentity;
const now = Date.now();
const revoked = new Set<string>();

beforeAll(async () => {
  cluster = await TestCluster.create();
  [ada, bob] = [await cluster.identity("ada"), await cluster.identity("bob")];
});

function book(recordsMax?: number): RecordBook {
  revoked.clear();
  return new RecordBook({ ...ada.trust, isRevoked: (node) => revoked.has(node) }, recordsMax);
}

test("a record says what the node and its certificate say", () => {
  const { nodeId, publicKey, certificate } = ada;
  expect(book().read(nodeId, encodeRecord(FACTS, 7, ada), now)).toEqual({
    ...FACTS,
    nodeId,
    name: "ada",
    publicKey,
    certificate: certificate.der,
    incarnation: 7,
  });
});

test("a record with a changed bit is refused, whichever it is", () => {
  const record = encodeRecord(FACTS, 7, ada);
  const reader = book();
  for (let bit = 0; bit < record.length * 8; bit++) {
    const changed = record.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(reader.read(ada.nodeId, changed, now), `bit ${bit}`).toBeUndefined();
  }
});

test("a record is refused under another node's id, and after its node was revoked", () => {
  const record = encodeRecord(FACTS, 7, ada);
  const reader = book();
  expect(reader.read(bob.nodeId, record, now)).toBeUndefined();
  expect(reader.lastRefusal).toContain("is another node's");
  expect(reader.read(ada.nodeId, record, now)).toBeDefined();
  revoked.add(ada.nodeId);
  expect(reader.read(ada.nodeId, record, now)).toBeUndefined();
  expect(reader.lastRefusal).toContain("was revoked");
});

test("a certificate that was verified once is refused when it has expired", () => {
  const reader = book();
  const record = encodeRecord(FACTS, 7, ada);
  const endMs = Date.now() + NODE_LIFETIME_MS + CLOCK_TOLERANCE_MS;
  expect(reader.read(ada.nodeId, record, endMs - MINUTE)).toBeDefined();
  expect(reader.read(ada.nodeId, record, endMs + MINUTE)).toBeUndefined();
  expect(reader.lastRefusal).toContain("expired");
  expect(reader.read(ada.nodeId, encodeRecord(FACTS, 8, ada), endMs + MINUTE)).toBeUndefined();
});

test("a record with another cluster's certificate is refused", async () => {
  const foreign = await (await TestCluster.create()).identity("ada");
  const reader = book();
  expect(reader.read(foreign.nodeId, encodeRecord(FACTS, 7, foreign), now)).toBeUndefined();
  expect(reader.lastRefusal).toContain("another cluster");
});

test("what a node signed is verified once its record is known, and nobody else's signature is", () => {
  const reader = book();
  const bytes = new Uint8Array([1, 2, 3]);
  expect(reader.isSignedBy(ada.nodeId, bytes, ada.sign(bytes))).toBe(false);
  reader.read(ada.nodeId, encodeRecord(FACTS, 1, ada), now);
  expect(reader.isSignedBy(ada.nodeId, bytes, ada.sign(bytes))).toBe(true);
  expect(reader.isSignedBy(ada.nodeId, bytes, bob.sign(bytes))).toBe(false);
  reader.forget(ada.nodeId);
  expect(reader.isSignedBy(ada.nodeId, bytes, ada.sign(bytes))).toBe(false);
});

test("an older record is read, and does not take the place of the newest", () => {
  const reader = book();
  reader.read(ada.nodeId, encodeRecord(FACTS, 8, ada), now);
  expect(reader.read(ada.nodeId, encodeRecord({ ...FACTS, region: "old" }, 7, ada), now)?.incarnation).toBe(7);
  expect(reader.of(ada.nodeId)).toMatchObject({ incarnation: 8, region: "eu" });
});

test("the book is bounded", () => {
  const reader = book(1);
  for (const node of [ada, bob]) reader.read(node.nodeId, encodeRecord(FACTS, 1, node), now);
  expect(reader.size).toBe(1);
  expect(reader.of(bob.nodeId)).toBeDefined();
});

const wrong: [Partial<NodeFacts>, string][] = [
  [{ addresses: [] }, "expected 1 to 8 addresses, found 0"],
  [{ addresses: Array(9).fill("192.0.2.7") }, "expected 1 to 8 addresses, found 9"],
  [
    { addresses: ["0.0.0.0"] },
    'expected the name or IP address of one machine, at most 56 characters, found "0.0.0.0"',
  ],
  [{ addresses: ["239.1.1.1"] }, "one machine"],
  [{ addresses: ["x".repeat(57)] }, "at most 56 characters"],
  [{ gossipPort: 0 }, "gossipPort: expected a port, found 0"],
  [{ nodePort: 65_536 }, "nodePort: expected a port, found 65536"],
  [{ tlsPort: 1.5 }, "tlsPort: expected a port, found 1.5"],
  [{ region: "x".repeat(64) }, "region: expected at most 63 printable ASCII characters"],
  [{ zone: "a\nb" }, "zone: expected at most 63 printable ASCII characters"],
  [{ version: "ä" }, "version: expected at most 63"],
  [{ startedAtMs: -1 }, "startedAtMs: expected milliseconds since 1970, found -1"],
];

for (const [facts, complaint] of wrong) {
  test(`facts that others would not take are refused: ${complaint}`, () => {
    expect(() => encodeRecord({ ...FACTS, ...facts }, 1, ada)).toThrow(complaint);
  });
}

test("a record that is too long is refused with what to do", () => {
  const long = {
    region: "r".repeat(63),
    addresses: Array.from({ length: 8 }, (_, index) => `${index}${"x".repeat(55)}`),
  };
  expect(() => encodeRecord({ ...FACTS, ...long }, 1, ada)).toThrow("give it fewer addresses or shorter names");
});

test("an ordinary record leaves room in a datagram", () => {
  expect(encodeRecord(FACTS, 1, ada).length).toBeLessThan(NODE_RECORD_BYTES_MAX * 0.7);
});

test("random bytes are no record", () => {
  const random = seededRandom(3);
  const reader = book();
  const record = encodeRecord(FACTS, 7, ada);
  for (let round = 0; round < 5000; round++) {
    const bytes = round % 2 === 0
      ? Uint8Array.from({ length: Math.floor(random() * 1200) }, () => random() * 256)
      : record.slice(0, Math.floor(random() * record.length));
    expect(reader.read(ada.nodeId, bytes, now)).toBeUndefined();
  }
});
