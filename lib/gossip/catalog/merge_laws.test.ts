import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Catalog } from "./catalog.ts";
import type { CatalogRecord } from "./record.ts";
import { checkProperty } from "./testing/check_property.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { catalogOf, pushPull, recordOf, START_MS } from "./testing/samples.ts";

/** Few owners, instances and versions: most records meet others of their key, many one with their version. */
const record: fc.Arbitrary<CatalogRecord> = fc.tuple(fc.nat(2), fc.nat(3), fc.nat(5), fc.option(fc.nat(2)))
  .map(([owner, instance, version, load]) =>
    recordOf(owner, START_MS + version, `hello@${instance + 1}`, load === null ? undefined : { load })
  );
const records = fc.array(record, { maxLength: 20 });
const options = (test: string) => ({ file: "lib/gossip/catalog/merge_laws", test, count: 200 });
const OBSERVER = 9;

function holding(...groups: CatalogRecord[][]): Catalog {
  const catalog = catalogOf(OBSERVER);
  for (const owner of [0, 1, 2]) catalog.nodeJoined(nodeId(owner), START_MS);
  for (const { bytes } of groups.flat()) catalog.receive(bytes, START_MS);
  return catalog;
}

/** All that a catalogue holds, hidden things and tombstones included: its digest has a hash of it. */
const digestOf = (catalog: Catalog) => sorted(catalog.digest().toHex().slice(2 * 37).match(/.{50}/g) ?? []);
const ascending = (one: number, other: number) => one - other;
const sorted = (texts: string[]) => texts.sort();

test("the order of records does not matter, and neither does how often they come", () => {
  checkProperty(
    options("the order of records"),
    fc.property(records, records, fc.nat(), (one, other, turn) => {
      const expected = holding(one, other);
      const shuffled = [...one, ...other].map((_, index, all) => all[(index + turn) % all.length]!);
      for (const again of [holding(other, one), holding(one, other, one), holding(shuffled, other.toReversed())]) {
        expect(digestOf(again)).toEqual(digestOf(expected));
        expect(again.all().sort(byKey)).toEqual(expected.all().sort(byKey));
      }
    }),
  );
});

test("two that push and pull hold afterwards what one holds that has seen everything", () => {
  checkProperty(
    options("two that push and pull"),
    fc.property(records, records, (one, other) => {
      const [a, b, both] = [holding(one), holding(other), holding(one, other)];
      pushPull(a, b, START_MS);
      expect(digestOf(a)).toEqual(digestOf(both));
      expect(digestOf(b)).toEqual(digestOf(both));
      expect(pushPull(b, a, START_MS).messageBytes.length, "then there is nothing to say").toBe(1);
    }),
  );
});

test("of a flood, everybody keeps the same entries, in whatever order they came", () => {
  const ofOne = fc.uniqueArray(fc.nat(60), { minLength: 15, maxLength: 40 });
  const entriesPerOwnerMax = 10;
  checkProperty(
    options("of a flood"),
    fc.property(ofOne, fc.nat(), (versions, turn) => {
      const flood = versions.map((version) => recordOf(0, START_MS + version, `hello@${version + 1}`, {}));
      const newest = versions.toSorted((one, other) => other - one).slice(0, entriesPerOwnerMax);
      const shuffled = flood.map((_, index) => flood[(index + turn) % flood.length]!);
      for (const order of [flood, flood.toReversed(), shuffled]) {
        const catalog = catalogOf(OBSERVER, { options: { entriesPerOwnerMax } });
        catalog.nodeJoined(nodeId(0), START_MS);
        for (const { bytes } of order) catalog.receive(bytes, START_MS);
        expect(catalog.all().map(({ version }) => version - START_MS).sort(ascending)).toEqual(
          newest.toSorted(ascending),
        );
      }
    }),
  );
});

test("of more than fits altogether, everybody keeps the same entries, and as many of each owner as is fair", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 3, maxLength: 3 });
  const bounds = { entriesPerOwnerMax: 10, entriesMax: 14 };
  checkProperty(
    options("of more than fits"),
    fc.property(counts, fc.infiniteStream(fc.nat()), (countOf, turns) => {
      const all = countOf.flatMap((count, owner) =>
        Array.from({ length: count }, (_, number) => recordOf(owner, START_MS + number, `hello@${number + 1}`, {}))
      );
      const shuffled = all.map((record) => [turns.next().value!, record] as const).sort(([one], [other]) =>
        one - other
      );
      const kept = [all, all.toReversed(), shuffled.map(([, record]) => record)].map((order, turn) => {
        const catalog = catalogOf(OBSERVER, { options: bounds });
        for (const owner of turn === 0 ? [0, 1, 2] : [2, 1, 0]) catalog.nodeJoined(nodeId(owner), START_MS);
        for (const { bytes } of [...order, ...order]) catalog.receive(bytes, START_MS);
        return catalog.all().sort(byKey);
      });
      expect(kept[1]).toEqual(kept[0]!);
      expect(kept[2]).toEqual(kept[0]!);
      expect(kept[0]!.length).toBe(Math.min(all.length, bounds.entriesMax));
      const most = Math.max(...countOf.map((_, owner) => kept[0]!.filter(({ node }) => node === nodeId(owner)).length));
      for (const [owner, count] of countOf.entries()) {
        const has = kept[0]!.filter(({ node }) => node === nodeId(owner)).length;
        expect(has === count || has >= most - 1, `owner ${owner} has ${has} of ${count}, another one ${most}`).toBe(
          true,
        );
      }
    }),
  );
});

function byKey(one: { instance: string; node: string }, other: { instance: string; node: string }): number {
  return `${one.node}${one.instance}` < `${other.node}${other.instance}` ? -1 : 1;
}
