import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { Chance, forEachSeed } from "../../sim/mod.ts";
import type { Catalog } from "./catalog.ts";
import { parseSync, SYNC_BYTES_MAX } from "./sync_message.ts";
import { SyncWriter } from "./sync_writer.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { catalogOf, entryOf, recordOf, START_MS } from "./testing/samples.ts";

const SOAKS = process.env["CELL_SOAK"] !== undefined;
const TIMEOUT_MS = SOAKS ? 3_600 * SECOND : 60 * SECOND;
const OWNERS = [1, 2, 3];
const MUTATIONS = 300;

/** A catalogue of node 9 that knows three owners with some entries and tombstones each. */
function populated(count: number): Catalog {
  const catalog = catalogOf(9);
  for (const owner of OWNERS) catalog.nodeJoined(nodeId(owner), START_MS);
  for (const { bytes } of recordsOf(count)) catalog.receive(bytes, START_MS);
  catalog.put(entryOf("mine"), START_MS);
  return catalog;
}

function recordsOf(count: number) {
  return OWNERS.flatMap((owner) =>
    Array.from(
      { length: count },
      (_, index) => recordOf(owner, START_MS + index, `hello@${index + 1}`, index % 3 === 0 ? undefined : {}),
    )
  );
}

/** Some bits, bytes or lengths otherwise, or something of another message in the middle. */
function mutated(bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const copy = bytes.slice();
  const at = () => chance.whole(0, Math.max(0, copy.length - 1));
  for (let count = chance.whole(1, 4); count > 0; count--) {
    const kind = chance.whole(0, 4);
    if (kind === 0) copy[at()]! ^= 1 << chance.whole(0, 7);
    else if (kind === 1) copy[at()] = chance.pick([0, 1, 0x7f, 0x80, 0xff]);
    else if (kind === 2) return copy.slice(0, at());
    else if (kind === 3) copy.set(other.subarray(0, copy.length - at()), 0);
    else copy.copyWithin(at(), at(), at());
  }
  return copy;
}

const random = (chance: Chance, length: number) => new Uint8Array(length).map(() => chance.whole(0, 255));

/** Messages of each step of a round between catalogues that differ. */
function messages(one: Catalog, other: Catalog): Uint8Array[] {
  const digest = one.digest();
  const answer = other.diff(digest);
  const wants = one.diff(answer);
  return [digest, answer, wants, other.diff(wants)];
}

test(
  "mutated and random bytes are refused or understood, never thrown at, and change nothing that was not signed",
  () => {
    let runs = 0;
    forEachSeed({ file: "lib/gossip/catalog/hostile", test: "mutated", count: SOAKS ? 20_000 : 20 }, (seed) => {
      runs++;
      const chance = new Chance(seed);
      const catalog = populated(8);
      const behind = populated(4);
      const signed = new Set(recordsOf(8).map(({ bytes }) => bytes.toHex()));
      const samples = [
        ...recordsOf(8).map(({ bytes }) => bytes),
        ...messages(catalog, behind),
        ...messages(behind, catalog),
      ];
      const before = JSON.stringify(catalog.all());
      for (let count = 0; count < MUTATIONS; count++) {
        const sample = chance.pick(samples);
        const bytes = chance.isOne(0.1)
          ? random(chance, chance.whole(0, 600))
          : mutated(sample, chance.pick(samples), chance);
        const items = [...catalog.receive(bytes, START_MS), ...catalog.merge(bytes, START_MS)];
        for (const { payload } of items) {
          if (!signed.has(payload.toHex())) throw new Error("something unsigned was taken");
        }
        const answer = catalog.diff(bytes);
        if (answer.length > SYNC_BYTES_MAX) throw new Error(`an answer of ${answer.length} bytes`);
        if (answer.length > 0 && parseSync(answer) === undefined) throw new Error("an answer that cannot be read");
      }
      if (JSON.stringify(catalog.all()) !== before) throw new Error("what is seen has changed");
      const { refused, tombstones, entries, owners } = catalog.stats;
      if (refused.malformed < MUTATIONS / 2) throw new Error(`only ${refused.malformed} were malformed`);
      if (owners !== 4 || entries + tombstones !== 25) throw new Error("what is held has changed");
    });
    expect(runs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test("bytes that are no message or record are counted by why", () => {
  const catalog = populated(1);
  const record = recordOf(1, START_MS + 9, "hello", {}).bytes;
  const forged = record.slice();
  forged[forged.length - 1]! ^= 1;
  catalog.receive(new Uint8Array(0), START_MS);
  catalog.receive(new Uint8Array(100_000), START_MS);
  catalog.merge(new Uint8Array([2, 0]), START_MS);
  catalog.merge(new Uint8Array(SYNC_BYTES_MAX + 1).fill(1), START_MS);
  catalog.receive(forged, START_MS);
  catalog.receive(recordOf(1, START_MS * 2, "hello", {}).bytes, START_MS);
  expect(catalog.stats.refused).toMatchObject({ malformed: 4, forged: 1, future: 1 });
  expect(catalog.diff(new Uint8Array([2, 0]))).toEqual(new Uint8Array(0));
});

test("a message is none that is longer than its bound, cut, or has a section or flag that does not exist", () => {
  const writer = new SyncWriter();
  writer.outline(nodeId(1), recordsOf(1), 3);
  writer.want(nodeId(1), [1, 2]);
  writer.record(recordOf(1, START_MS, "hello", {}));
  const bytes = writer.finish();
  expect(parseSync(bytes)).toBeDefined();
  // After whole sections the rest is a message, too.
  const wholeSections = [0, 2, 2 + 19 + 72, 2 + 19 + 72 + 19 + 16];
  for (let length = 0; length < bytes.length; length++) {
    const isWhole = parseSync(bytes.subarray(0, length)) !== undefined;
    expect(isWhole, `${length} bytes`).toBe(wholeSections.includes(length));
  }
  expect(parseSync(new Uint8Array([1, 0, 9]))).toBeUndefined();
  expect(parseSync(new Uint8Array([1, 2]))).toBeUndefined();
  expect(parseSync(new Uint8Array([1, 0]))).toBeDefined();
  const long = new Uint8Array([1, 0, ...Array.from({ length: 60_000 }, () => [4, 0, 0]).flat()]);
  expect(long.length > SYNC_BYTES_MAX && parseSync(long) === undefined).toBe(true);
  expect(parseSync(long.subarray(0, 2 + 3 * 40_000))?.records.length).toBe(40_000);
});

test("an owner is listed once in a message, so that no message makes more work than it is long", () => {
  const twice = [
    (writer: SyncWriter) => writer.outline(nodeId(1), [], 0),
    (writer: SyncWriter) => writer.want(nodeId(1), []),
  ];
  for (const write of twice) {
    const writer = new SyncWriter();
    write(writer);
    expect(parseSync(writer.finish())).toBeDefined();
    write(writer);
    expect(parseSync(writer.finish())).toBeUndefined();
  }
});

test("messages that ask for everything at once get no more than one message", () => {
  const catalog = populated(1_000);
  for (const asks of ["outline", "want"] as const) {
    const writer = new SyncWriter();
    for (let owner = 0; owner < 3_000; owner++) {
      if (asks === "outline") writer.outline(nodeId(owner), [], 0);
      else writer.want(nodeId(owner), [owner]);
    }
    const answer = catalog.diff(writer.finish());
    expect(answer.length).toBeLessThanOrEqual(SYNC_BYTES_MAX);
    if (asks === "outline") expect(answer.length).toBeGreaterThan(SYNC_BYTES_MAX - 300);
  }
});

test("a member that replays old messages of everybody brings nothing back", () => {
  const catalog = populated(0);
  const payloads = recordsOf(20).map(({ bytes }) => bytes);
  const removals = OWNERS.flatMap((owner) =>
    Array.from({ length: 20 }, (_, index) => recordOf(owner, START_MS + 1_000, `hello@${index + 1}`).bytes)
  );
  for (const bytes of [...payloads, ...removals, ...payloads, ...payloads]) catalog.receive(bytes, START_MS);
  expect(catalog.all().map(({ instance }) => instance)).toEqual(["mine"]);
  expect(catalog.stats.stale).toBe(2 * payloads.length);
});
