import { expect, test } from "bun:test";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { Catalog } from "./catalog.ts";
import { DEFAULTS } from "./options.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { catalogOf, entryOf, pushPull, recordOf, START_MS } from "./testing/samples.ts";

const HOUR_MS = 3_600_000;

/** Two nodes that know of each other. */
function pair() {
  const [a, b] = [catalogOf(1), catalogOf(2)];
  a.nodeJoined(nodeId(2), START_MS);
  b.nodeJoined(nodeId(1), START_MS);
  return { a, b };
}

test("what one node publishes the other sees, and passes on once", () => {
  const { a, b } = pair();
  const items = a.put(entryOf("hello@1"), START_MS);
  expect(items.map(({ key }) => key)).toEqual([`${nodeId(1)}/hello/hello@1`]);
  expect(b.receive(items[0]!.payload, START_MS)).toEqual(items);
  expect(b.receive(items[0]!.payload, START_MS)).toEqual([]);
  expect(b.entries("hello")).toEqual([{ ...entryOf("hello@1"), node: nodeId(1), version: START_MS }]);
  expect(b.entries("hello")).toEqual(a.entries("hello"));
});

test("the same is published once, a change again, a removal ends it", () => {
  const { a, b } = pair();
  b.receive(a.put(entryOf("hello@1"), START_MS)[0]!.payload, START_MS);
  expect(a.put(entryOf("hello@1"), START_MS)).toEqual([]);
  b.receive(a.put(entryOf("hello@1", { health: "degraded" }), START_MS)[0]!.payload, START_MS);
  expect(b.entries("hello")[0]).toMatchObject({ health: "degraded", version: START_MS + 1 });
  b.receive(a.remove("hello", "hello@1", START_MS)[0]!.payload, START_MS);
  expect([a.all(), b.all(), b.services()]).toEqual([[], [], []]);
  expect(a.remove("hello", "hello@1", START_MS)).toEqual([]);
  expect(a.stats).toMatchObject({ own: 0, entries: 0, tombstones: 1 });
});

test("entries are found by service and by species, and a new species replaces the old one", () => {
  const { a } = pair();
  a.put(entryOf("hello@1"), START_MS);
  a.put(entryOf("hello@2", { species: "00000000000000bb" }), START_MS);
  a.put(entryOf("shop"), START_MS);
  expect(a.services()).toEqual(["hello", "shop"]);
  expect(a.entries("hello").map(({ instance }) => instance)).toEqual(["hello@1", "hello@2"]);
  expect(a.holdersOf("a7474d0577529b8c").map(({ instance }) => instance)).toEqual(["hello@1", "shop"]);
  a.put(entryOf("hello@1", { species: "00000000000000bb" }), START_MS);
  expect(a.holdersOf("00000000000000bb").map(({ instance }) => instance)).toEqual(["hello@2", "hello@1"]);
  expect(a.entries("nobody")).toEqual([]);
});

test("what a node has is named once, whether it is seen or not", () => {
  const b = catalogOf(2);
  expect([...b.servicesOf(nodeId(1))]).toEqual([]);
  b.receive(recordOf(1, START_MS, "hello@1", {}).bytes, START_MS);
  b.receive(recordOf(1, START_MS, "hello@2", {}).bytes, START_MS);
  b.put(entryOf("shop"), START_MS);
  expect([[...b.servicesOf(nodeId(1))], [...b.servicesOf(nodeId(2))]]).toEqual([["hello"], ["shop"]]);
  b.remove("shop", "shop", START_MS);
  expect([...b.servicesOf(nodeId(2))]).toEqual([]);
});

test("a node that is no member is not seen until it is, and hidden when it fails, leaves or is removed", () => {
  const b = catalogOf(2);
  b.receive(recordOf(1, START_MS, "hello", {}).bytes, START_MS);
  expect(b.all()).toEqual([]);
  b.nodeJoined(nodeId(1), START_MS);
  expect(b.all().length).toBe(1);
  for (const ends of ["nodeFailed", "nodeLeft"] as const) {
    b[ends](nodeId(1), START_MS);
    expect([b.all(), b.holdersOf("a7474d0577529b8c"), b.services()]).toEqual([[], [], []]);
    b.nodeJoined(nodeId(1), START_MS);
    expect(b.all().length, "back without being sent again").toBe(1);
  }
  b.nodeRemoved(nodeId(1), START_MS);
  b.nodeJoined(nodeId(1), START_MS);
  expect(b.all()).toEqual([]);
});

test("what is heard of a failed node is kept for its return, and forgotten when it does not come", () => {
  const { b } = pair();
  b.receive(recordOf(1, START_MS, "hello", {}).bytes, START_MS);
  b.nodeFailed(nodeId(1), START_MS);
  b.receive(recordOf(1, START_MS + 1, "hello", { load: 9 }).bytes, START_MS);
  expect(b.all()).toEqual([]);
  b.tick(START_MS + DEFAULTS.ownerGoneMs - 1);
  expect(b.stats.owners).toBe(2);
  b.tick(START_MS + DEFAULTS.ownerGoneMs + 60_000);
  expect(b.stats).toMatchObject({ owners: 1, entries: 0 });
});

test("this node itself is always seen, whatever is said of it", () => {
  const { a } = pair();
  a.put(entryOf("hello"), START_MS);
  for (const says of ["nodeFailed", "nodeLeft", "nodeRemoved", "nodeJoined"] as const) a[says](nodeId(1), START_MS);
  a.tick(START_MS + 100 * HOUR_MS);
  expect(a.all().length).toBe(1);
});

test("watchers hear once per input which services have changed, and revisions never come again", () => {
  const changes: string[] = [];
  const b = catalogOf(2, { onChange: (service) => changes.push(service) });
  b.nodeJoined(nodeId(1), START_MS);
  const seen = new Set<number>();
  const expectChange = (act: () => void, services: string[]) => {
    act();
    expect(changes.splice(0)).toEqual(services);
    const revision = b.revision("hello");
    expect(revision === 0 || !seen.has(revision)).toBe(true);
    seen.add(revision);
  };
  expect(b.revision("hello")).toBe(0);
  expectChange(() => b.receive(recordOf(1, START_MS, "hello@1", {}).bytes, START_MS), ["hello"]);
  expectChange(() => b.receive(recordOf(1, START_MS + 1, "hello@2", {}).bytes, START_MS), ["hello"]);
  expectChange(() => b.receive(recordOf(1, START_MS + 2, "hello@1", { load: 99 }).bytes, START_MS), ["hello"]);
  expectChange(() => b.nodeFailed(nodeId(1), START_MS), ["hello"]);
  expect(b.revision("hello")).toBe(0);
  expectChange(() => b.nodeJoined(nodeId(1), START_MS), ["hello"]);
  b.receive(recordOf(1, START_MS + 2, "hello@1", { load: 99 }).bytes, START_MS);
  expect(changes).toEqual([]);
});

test("an owner that restarts takes back what others still hold of it, and keeps what it has", () => {
  const { a, b } = pair();
  for (const instance of ["old@1", "old@2", "kept"]) {
    b.receive(a.put(entryOf(instance), START_MS)[0]!.payload, START_MS);
  }
  const later = START_MS + 60_000;
  const again = catalogOf(1, { firstVersion: later });
  again.nodeJoined(nodeId(2), later);
  const { payload } = again.put(entryOf("kept", { quicPort: 1 }), later)[0]!;
  b.receive(payload, later);
  const { items } = pushPull(again, b, later);
  expect(items.map(({ key }) => key.slice(33)).sort()).toEqual(["old/old@1", "old/old@2"]);
  for (const { payload } of items) b.receive(payload, later);
  expect(b.all().map(({ instance }) => instance)).toEqual(["kept"]);
  expect(again.stats).toMatchObject({ corrections: 2, own: 1 });
});

test("an owner whose clock was set back puts its versions above those that others hold", () => {
  const { a, b } = pair();
  b.receive(a.put(entryOf("hello", { quicPort: 1 }), START_MS)[0]!.payload, START_MS);
  const before = START_MS - 20 * 60_000;
  const again = catalogOf(1, { firstVersion: before });
  again.nodeJoined(nodeId(2), before);
  b.receive(again.put(entryOf("hello", { quicPort: 2 }), before)[0]!.payload, before);
  expect(b.entries("hello")[0]?.quicPort, "the old one stands above").toBe(1);
  for (const { payload } of pushPull(again, b, before, START_MS).items) b.receive(payload, START_MS);
  expect(b.entries("hello")[0]).toMatchObject({ quicPort: 2, version: START_MS + 1 });
  b.receive(again.put(entryOf("new"), before)[0]!.payload, before);
  expect(b.entries("new").length).toBe(1);
});

test("an old entry that comes back is buried again by its owner, above its version", () => {
  const { a, b } = pair();
  const old = a.put(entryOf("hello"), START_MS)[0]!.payload;
  a.remove("hello", "hello", START_MS);
  const later = START_MS + DEFAULTS.tombstoneMs + 60_000;
  a.tick(later);
  expect(a.stats.tombstones).toBe(0);
  b.receive(old, later);
  expect(b.all().length).toBe(1);
  const [correction] = a.receive(old, later);
  expect(b.receive(correction!.payload, later)).toEqual([correction!]);
  expect(b.all()).toEqual([]);
  expect(a.receive(old, later), "it is known now").toEqual([]);
});

test("tombstones end with their time, and one that comes later still ends its entry", () => {
  const { a, b } = pair();
  b.receive(a.put(entryOf("hello"), START_MS)[0]!.payload, START_MS);
  const { payload } = a.remove("hello", "hello", START_MS)[0]!;
  const later = START_MS + DEFAULTS.tombstoneMs + 60_000;
  expect(b.receive(payload, later).length).toBe(1);
  expect(b.stats).toMatchObject({ visible: 0, entries: 0, tombstones: 0 });
  expect(b.receive(payload, later), "and is news once").toEqual([]);
});

test("of two statements with one version everybody keeps the same, and says who made them", () => {
  const [one, other] = [recordOf(1, START_MS, "hello", { load: 1 }), recordOf(1, START_MS, "hello", { load: 2 })];
  const held = [[one, other], [other, one]].map((records) => {
    const catalog = catalogOf(2);
    catalog.nodeJoined(nodeId(1), START_MS);
    for (const { bytes } of records) catalog.receive(bytes, START_MS);
    expect(catalog.stats.equivocations).toBe(1);
    expect(catalog.takeReports()).toMatchObject([{ node: nodeId(1), reason: "equivocation" }]);
    expect(catalog.takeReports()).toEqual([]);
    return catalog.entries("hello")[0]?.load;
  });
  expect(held).toEqual([2, 2]);
});

test("a version far ahead of the clock is refused until the clock comes near", () => {
  const { b } = pair();
  const { bytes } = recordOf(1, START_MS + DEFAULTS.versionAheadMsMax + 1, "hello", {});
  b.receive(bytes, START_MS);
  expect([b.all().length, b.stats.refused.future]).toEqual([0, 1]);
  b.receive(bytes, START_MS + 1);
  expect(b.all().length).toBe(1);
});

test("a version at the end of all numbers wedges nobody: its owner goes on below", () => {
  const { a, b } = pair();
  for (const catalog of [a, b]) catalog.receive(recordOf(1, Number.MAX_SAFE_INTEGER, "hello", {}).bytes, START_MS);
  const { payload } = a.put(entryOf("hello", { quicPort: 7 }), START_MS)[0]!;
  b.receive(payload, START_MS);
  expect(b.entries("hello")).toMatchObject([{ quicPort: 7, version: START_MS }]);
});

test("a node whose clock was years ahead is heard again when the clock has been set right", () => {
  const { b } = pair();
  const ahead = START_MS + 1_000 * 24 * HOUR_MS;
  const a = catalogOf(1, { firstVersion: ahead });
  a.put(entryOf("ended"), ahead);
  a.remove("ended", "ended", ahead);
  b.receive(a.put(entryOf("hello"), ahead)[0]!.payload, START_MS);
  expect(b.all()).toEqual([]);
  const items = a.tick(START_MS);
  expect(items.map(({ key }) => key)).toEqual([`${nodeId(1)}/hello/hello`]);
  b.receive(items[0]!.payload, START_MS);
  expect(b.all()).toMatchObject([{ service: "hello", version: START_MS }]);
  expect(a.stats.tombstones).toBe(0);
  expect(a.tick(START_MS + 1)).toEqual([]);
  b.receive(a.put(entryOf("new"), START_MS + 2)[0]!.payload, START_MS);
  expect(b.all().length).toBe(2);
});

test("what is no entry is not published, and says what is wrong with it", () => {
  const { a } = pair();
  const wrong: [Parameters<typeof entryOf>[1], RegExp][] = [
    [{ service: "Hello" }, /a service's name/],
    [{ instance: "hello/2" }, /an instance's id such as hello@2/],
    [{ species: "a7" }, /16 hex digits, found "a7"/],
    [{ quicPort: 65_536 }, /from 0 to 65535, found 65536/],
    [{ tlsPort: -1 }, /from 0 to 65535, found -1/],
    [{ load: 0.5 }, /a load from 0 to 255, found 0.5/],
    [{ release: -1 }, /release, found -1/],
    [{ health: "ill" as never }, /up, degraded, down, found "ill"/],
  ];
  for (const [changes, message] of wrong) expect(() => a.put(entryOf("hello", changes), START_MS)).toThrow(message);
  expect(a.all()).toEqual([]);
});

test("with the signatures of real keys, only what the owner signed is taken", () => {
  const keys = generateKeyPairSync("ed25519");
  const verifier = (_: string, bytes: Uint8Array, signature: Uint8Array) =>
    verify(null, bytes, keys.publicKey, signature);
  const a = new Catalog({
    self: nodeId(1),
    sign: (bytes) => sign(null, bytes, keys.privateKey),
    verify: verifier,
    firstVersion: START_MS,
  });
  const b = catalogOf(2, { verify: verifier });
  b.nodeJoined(nodeId(1), START_MS);
  const { payload } = a.put(entryOf("hello"), START_MS)[0]!;
  const forged = payload.slice();
  forged[forged.length - 65]! ^= 1;
  b.receive(forged, START_MS);
  expect([b.all().length, b.stats.refused.forged]).toEqual([0, 1]);
  b.receive(payload, START_MS);
  expect(b.all().length).toBe(1);
});
