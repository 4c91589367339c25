import { expect, test } from "bun:test";
import { hash64 } from "./content_hash.ts";
import { Owner } from "./owner.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { recordOf, START_MS } from "./testing/samples.ts";

test("every bit of a record changes about half of the bits of either half of its hash", () => {
  const { bytes } = recordOf(1, START_MS, "hello@2", {});
  const before = hash64(bytes);
  let [highBits, lowBits] = [0, 0];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = bytes.slice();
    copy[bit >> 3]! ^= 1 << (bit & 7);
    const { high, low } = hash64(copy);
    highBits += bitsOf(high ^ before.high);
    lowBits += bitsOf(low ^ before.low);
  }
  expect(highBits / (bytes.length * 8)).toBeWithin(15, 17);
  expect(lowBits / (bytes.length * 8)).toBeWithin(15, 17);
});

test("records that differ in a number only have different hashes, in either half", () => {
  const hashes = Array.from(
    { length: 20_000 },
    (_, number) => hash64(new TextEncoder().encode(`hello/hello@${number}`)),
  );
  expect(new Set(hashes.map(({ high, low }) => high * 2 ** 21 + (low >>> 11))).size).toBe(hashes.length);
  // By chance, 20,000 values of 32 bits have 0.05 pairs.
  expect(new Set(hashes.map(({ high }) => high)).size).toBeGreaterThan(hashes.length - 3);
  expect(new Set(hashes.map(({ low }) => low)).size).toBeGreaterThan(hashes.length - 3);
});

test("a hash of a part is the hash of its bytes", () => {
  const bytes = new TextEncoder().encode("xxhelloxx");
  expect(hash64(bytes, 2, 7)).toEqual(hash64(new TextEncoder().encode("hello")));
});

test("an owner's sums are those of what it has, whatever it had before, in both halves", () => {
  const records = [1, 2, 3].map((number) => recordOf(1, START_MS + number, `hello@${number}`, {}));
  const [one, other] = [new Owner(nodeId(1), 0), new Owner(nodeId(1), 0)];
  for (const record of records) one.put(record);
  one.put(recordOf(1, START_MS + 9, "hello@2"));
  one.remove(one.records.get("hello/hello@3")!);
  other.put(recordOf(1, START_MS + 9, "hello@2"));
  other.put(records[0]!);
  expect(one).toEqual(other);
  expect(one).toMatchObject({ entries: 1, tombstones: 1 });
  expect(one.bytes).toBe([...one.records.values()].reduce((all, { bytes }) => all + bytes.length, 0));
  const sum = (half: "hashHigh" | "hashLow") =>
    [...one.records.values()].reduce((all, record) => all + record[half], 0);
  expect([one.hashHigh, one.hashLow]).toEqual([sum("hashHigh") % 2 ** 32, sum("hashLow") % 2 ** 32]);
});

function bitsOf(value: number): number {
  return (value >>> 0).toString(2).replaceAll("0", "").length;
}
