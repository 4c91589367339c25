import { expect, test } from "bun:test";
import type { Catalog } from "./catalog.ts";
import { DEFAULTS } from "./options.ts";
import { CORRECTIONS_MAX, CORRECTIONS_WINDOW_MS } from "./publisher.ts";
import { REPORTED_MAX, REPORTS_MAX } from "./tally.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { catalogOf, entryOf, recordOf, START_MS } from "./testing/samples.ts";

/** Few, so that tests reach them. */
const SMALL = { entriesPerOwnerMax: 10, tombstonesPerOwnerMax: 10, entriesMax: 20, tombstonesMax: 20, ownersMax: 4 };
const OBSERVER = 99;
const unsigned = { sign: () => new Uint8Array(64), verify: () => true };

/** What an owner says in one row: as many entries or tombstones as asked for, each newer than the one before. */
function says(
  catalog: Catalog,
  owner: number,
  count: number,
  { from = 1, isEnded = false, nowMs = START_MS } = {},
): void {
  for (let number = from; number < from + count; number++) {
    catalog.receive(recordOf(owner, START_MS + number, `hello@${number}`, isEnded ? undefined : {}).bytes, nowMs);
  }
}

function joined(catalog: Catalog, ...owners: number[]): Catalog {
  for (const owner of owners) catalog.nodeJoined(nodeId(owner), START_MS);
  return catalog;
}

const countOf = (catalog: Catalog, owner: number) => catalog.all().filter(({ node }) => node === nodeId(owner)).length;

test("a node publishes up to its bound, is told when it wants more, and may still change what it has", () => {
  const catalog = catalogOf(1);
  for (let number = 1; number <= DEFAULTS.entriesPerOwnerMax; number++) {
    catalog.put(entryOf(`hello@${number}`), START_MS);
  }
  expect(() => catalog.put(entryOf("hello"), START_MS)).toThrow(
    /hello in the catalogue: expected at most 1024 instances/,
  );
  expect(catalog.put(entryOf("hello@7", { health: "down" }), START_MS).length).toBe(1);
  catalog.remove("hello", "hello@7", START_MS);
  expect(catalog.put(entryOf("hello"), START_MS).length).toBe(1);
});

test("a member that floods the catalogue keeps its newest entries, costs nobody else any, and is reported once", () => {
  const catalog = joined(catalogOf(OBSERVER), 1, 2);
  says(catalog, 2, 5);
  says(catalog, 1, DEFAULTS.entriesPerOwnerMax + 300);
  expect([countOf(catalog, 1), countOf(catalog, 2)]).toEqual([DEFAULTS.entriesPerOwnerMax, 5]);
  expect(catalog.entries("hello").some(({ instance }) => instance === "hello@1324")).toBe(true);
  says(catalog, 1, 300);
  expect(catalog.stats.refused.owner_full).toBe(300);
  expect(countOf(catalog, 1)).toBe(DEFAULTS.entriesPerOwnerMax);
  expect(catalog.takeReports()).toEqual([{
    node: nodeId(1),
    reason: "owner_full",
    message: `node ${nodeId(1)} publishes more than 1024 instances: only its newest are kept`,
  }]);
});

test("tombstones of one owner are bounded: the oldest are forgotten, and that is counted", () => {
  const catalog = joined(catalogOf(OBSERVER), 1);
  says(catalog, 1, DEFAULTS.tombstonesPerOwnerMax + 30, { isEnded: true });
  expect(catalog.stats).toMatchObject({ tombstones: DEFAULTS.tombstonesPerOwnerMax, tombstonesForgotten: 30 });
  catalog.receive(recordOf(1, START_MS, "hello@1054", {}).bytes, START_MS);
  expect(catalog.all(), "the newest is known").toEqual([]);
  expect(catalog.takeReports()).toEqual([]);
});

test("a tombstone that is too old to be kept ends its entry even where there are too many", () => {
  const options = { ...SMALL, tombstonesPerOwnerMax: 1, tombstonesMax: 1 };
  const later = START_MS + DEFAULTS.tombstoneMs + 100;
  const catalog = joined(catalogOf(OBSERVER, { options }), 1);
  says(catalog, 1, 1, { from: 500, isEnded: true });
  says(catalog, 1, 2);
  const { bytes } = catalog.stats;
  catalog.receive(recordOf(1, START_MS + 3, "hello@1").bytes, later);
  expect(catalog.stats).toMatchObject({ entries: 1, tombstones: 1, visible: 1 });
  expect(catalog.stats.bytes).toBeLessThan(bytes);
});

test("tombstones altogether are bounded: whoever has most forgets first", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: SMALL }), 1, 2, 3);
  for (const owner of [1, 2]) says(catalog, owner, 10, { isEnded: true });
  says(catalog, 3, 4, { isEnded: true });
  expect(catalog.stats).toMatchObject({ tombstones: 20, tombstonesForgotten: 4 });
});

test("when the catalogue is full, whoever has most makes way for whoever has less, and equals leave each other alone", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: SMALL }), 1, 2, 3);
  says(catalog, 1, 10);
  says(catalog, 2, 10);
  says(catalog, 3, 10);
  const counts = [1, 2, 3].map((owner) => countOf(catalog, owner));
  expect(counts.toSorted()).toEqual([6, 7, 7]);
  const seen = JSON.stringify(catalog.all().sort((one, other) => one.version - other.version));
  const { refused } = catalog.stats;
  for (const owner of [1, 2, 3]) {
    says(catalog, owner, 10);
    const seenAgain = JSON.stringify(catalog.all().sort((one, other) => one.version - other.version));
    expect(seenAgain, "the same again changes nothing").toBe(seen);
  }
  expect(catalog.stats.refused.full).toBeGreaterThan(refused.full);
  expect(catalog.takeReports().map(({ reason }) => reason)).toEqual(["full"]);
});

test("when the catalogue is full, nodes that are gone make way first, and this node itself never does", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: SMALL }), 1, 2);
  for (let number = 1; number <= 10; number++) catalog.put(entryOf(`mine@${number}`), START_MS);
  says(catalog, 1, 3);
  says(catalog, 2, 7);
  catalog.nodeFailed(nodeId(1), START_MS);
  says(catalog, 2, 3, { from: 8 });
  expect([countOf(catalog, OBSERVER), countOf(catalog, 2), catalog.stats.entries]).toEqual([10, 10, 20]);
  joined(catalog, 1);
  expect(countOf(catalog, 1)).toBe(0);
  says(catalog, 1, 2, { from: 20 });
  expect([countOf(catalog, OBSERVER), countOf(catalog, 1), countOf(catalog, 2)]).toEqual([10, 2, 8]);
});

test("this node's entries have a place in a catalogue that is full of others'", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: SMALL }), 1, 2);
  for (const owner of [1, 2]) says(catalog, owner, 10);
  for (let number = 1; number <= 10; number++) catalog.put(entryOf(`mine@${number}`), START_MS);
  expect([countOf(catalog, OBSERVER), countOf(catalog, 1), countOf(catalog, 2)]).toEqual([10, 5, 5]);
});

test("a catalogue that is full of this node's entries takes nobody else's", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: { ...SMALL, entriesMax: 10 } }), 1);
  for (let number = 1; number <= 10; number++) catalog.put(entryOf(`mine@${number}`), START_MS);
  says(catalog, 1, 3);
  expect([countOf(catalog, OBSERVER), countOf(catalog, 1), catalog.stats.refused.full]).toEqual([10, 0, 3]);
});

test("too many nodes: who is gone longest makes way, and while all are alive no other is taken", () => {
  const catalog = joined(catalogOf(OBSERVER, { options: SMALL }), 1, 2, 3);
  for (const owner of [1, 2, 3, 4]) says(catalog, owner, 1);
  expect(catalog.stats).toMatchObject({ owners: 4, entries: 3 });
  expect(catalog.stats.refused.owners_full).toBe(1);
  catalog.nodeFailed(nodeId(2), START_MS);
  catalog.nodeFailed(nodeId(1), START_MS + 1);
  says(catalog, 4, 1);
  joined(catalog, 4);
  expect([countOf(catalog, 3), countOf(catalog, 4)]).toEqual([1, 1]);
  joined(catalog, 1);
  expect(countOf(catalog, 1), "it was gone for less time").toBe(1);
  joined(catalog, 5);
  expect(catalog.takeReports().map(({ reason }) => reason)).toEqual(["owners_full"]);
});

test("a failed node of which nothing is held takes no place", () => {
  const catalog = joined(catalogOf(OBSERVER), 1);
  catalog.nodeFailed(nodeId(1), START_MS);
  expect(catalog.stats.owners).toBe(1);
});

test("at its real size, the catalogue takes 10,000 nodes and 100,000 entries and no more", () => {
  const { ownersMax, entriesMax, entriesPerOwnerMax } = DEFAULTS;
  const catalog = catalogOf(OBSERVER, unsigned);
  for (let owner = 1_000; owner < 1_000 + ownersMax; owner++) catalog.nodeJoined(nodeId(owner), START_MS);
  expect(catalog.stats).toMatchObject({ owners: ownersMax, refused: { owners_full: 1 } });
  const owners = Math.ceil(entriesMax / entriesPerOwnerMax);
  for (let owner = 1_000; owner < 1_000 + owners; owner++) says(catalog, owner, entriesPerOwnerMax);
  expect(catalog.stats).toMatchObject({ entries: entriesMax, visible: entriesMax });
  expect(countOf(catalog, 1_000)).toBeGreaterThanOrEqual(Math.floor(entriesMax / owners));
}, 120_000);

test("corrections are bounded in time: two nodes with one key cannot make each other busy without end", () => {
  const catalog = catalogOf(1);
  says(catalog, 1, CORRECTIONS_MAX + 5);
  expect(catalog.stats).toMatchObject({ corrections: CORRECTIONS_MAX, refused: { corrected_enough: 5 } });
  says(catalog, 1, 5, { from: CORRECTIONS_MAX + 1, nowMs: START_MS + CORRECTIONS_WINDOW_MS });
  expect(catalog.stats.corrections).toBe(CORRECTIONS_MAX + 5);
});

test("reports wait for whoever reads them, up to a bound, and are not made twice", () => {
  const catalog = catalogOf(OBSERVER);
  const contradict = (owner: number, version: number) => {
    for (const load of [1, 2]) {
      catalog.receive(recordOf(owner, version, "hello", { load }).bytes, START_MS);
    }
  };
  for (let owner = 200; owner < 200 + 2 * REPORTS_MAX; owner++) contradict(owner, START_MS);
  expect(catalog.takeReports().length).toBe(REPORTS_MAX);
  contradict(200, START_MS + 1);
  expect(catalog.takeReports()).toEqual([]);
  expect(catalog.stats.equivocations).toBe(2 * REPORTS_MAX + 1);
});

test("what was reported is remembered of so many nodes, and may be said again after that", () => {
  const catalog = catalogOf(OBSERVER);
  const reportsOf = (owner: number, version: number) => {
    for (const load of [1, 2]) catalog.receive(recordOf(owner, version, "hello", { load }).bytes, START_MS);
    return catalog.takeReports().length;
  };
  for (let owner = 200; owner < 200 + REPORTED_MAX; owner++) reportsOf(owner, START_MS);
  expect(reportsOf(200, START_MS + 1)).toBe(0);
  expect(reportsOf(100, START_MS)).toBe(1);
  expect(reportsOf(200, START_MS + 2)).toBe(1);
});
