import { expect, test } from "bun:test";
import type { Catalog } from "./catalog.ts";
import { MERGE_NEWS_MAX } from "./catalog.ts";
import { DEFAULTS } from "./options.ts";
import { DIGEST_OWNERS_MAX, hasMore, SYNC_BYTES_MAX } from "./sync_message.ts";
import { nodeId } from "./testing/fake_keys.ts";
import { catalogOf, entryOf, pushPull, recordOf, START_MS } from "./testing/samples.ts";

const [A, B] = [9_001, 9_002];

/** Catalogues of two nodes that know `owners` nodes; the first holds what these say. */
function twoWith(owners: readonly number[], instances: number): [Catalog, Catalog] {
  const pair: [Catalog, Catalog] = [catalogOf(A), catalogOf(B)];
  for (const catalog of pair) for (const owner of [A, B, ...owners]) catalog.nodeJoined(nodeId(owner), START_MS);
  for (const owner of owners) says(pair[0], owner, 1, instances);
  return pair;
}

function says(catalog: Catalog, owner: number, from: number, count: number): void {
  for (let number = from; number < from + count; number++) {
    catalog.receive(recordOf(owner, START_MS + number, `hello@${number}`, {}).bytes, START_MS);
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const seen = (catalog: Catalog) =>
  catalog.all().map(({ node, instance, version }) => `${node} ${instance} ${version}`).sort();

test("a digest of 1,000 owners is below 30 KB, and where all is equal it is answered by nothing", () => {
  const [a, b] = twoWith(numbers(1_000), 1);
  for (const owner of numbers(1_000)) says(b, owner, 1, 1);
  expect(a.digest().length).toBeLessThan(30_000);
  expect(b.diff(a.digest())).toEqual(new Uint8Array(0));
  expect(pushPull(a, b, START_MS).messageBytes.length).toBe(1);
});

test("a catalogue with nothing in it gets everything in answer to its digest", () => {
  const [a, b] = twoWith(numbers(20), 5);
  expect(pushPull(b, a, START_MS).messageBytes.length).toBe(2);
  expect(seen(b)).toEqual(seen(a));
});

test("what only the initiator has is asked for", () => {
  const [a, b] = twoWith(numbers(20), 5);
  expect(pushPull(a, b, START_MS).messageBytes.length).toBe(3);
  expect(seen(b)).toEqual(seen(a));
});

test("of an owner with many records only what differs is sent, both ways", () => {
  const [a, b] = twoWith([1], 1_000);
  says(b, 1, 1, 1_000);
  a.receive(recordOf(1, START_MS + 2_000, "hello@7").bytes, START_MS);
  a.receive(recordOf(1, START_MS + 2_001, "hello@8", { load: 9 }).bytes, START_MS);
  b.receive(recordOf(1, START_MS + 2_002, "hello@9", { load: 9 }).bytes, START_MS);
  b.receive(recordOf(1, START_MS + 2_003, "new", {}).bytes, START_MS);
  const { messageBytes, items } = pushPull(a, b, START_MS);
  const [, outline, wantsAndRecords, records] = messageBytes;
  expect(outline).toBe(2 + 19 + 1_001 * 24);
  expect(wantsAndRecords).toBeLessThan(400);
  expect(records).toBeLessThan(400);
  expect(items.length).toBe(4);
  expect(seen(a)).toEqual(seen(b));
});

test("a few news of a merge are broadcast on, many are not", () => {
  const fewer = twoWith([1], MERGE_NEWS_MAX);
  expect(pushPull(...fewer, START_MS).items.length).toBe(MERGE_NEWS_MAX);
  const more = twoWith([1], MERGE_NEWS_MAX + 1);
  expect(pushPull(...more, START_MS).items.length).toBe(0);
  expect(more[1].all().length).toBe(MERGE_NEWS_MAX + 1);
});

test("more than fits into a message comes in rounds, each within the bound, and whoever asks sees when it is all", () => {
  const [a, b] = twoWith(numbers(30), 100);
  let rounds = 0;
  for (let more = true; more; rounds++) {
    const answer = a.diff(b.digest());
    expect(answer.length).toBeLessThanOrEqual(SYNC_BYTES_MAX);
    b.merge(answer, START_MS);
    more = hasMore(answer);
    const rest = b.diff(answer);
    expect(rest.length).toBeLessThanOrEqual(SYNC_BYTES_MAX);
    b.merge(a.diff(rest), START_MS);
  }
  expect(seen(b)).toEqual(seen(a));
  expect(rounds).toBeWithin(3, 7);
  expect([hasMore(a.digest()), hasMore(new Uint8Array(0))]).toEqual([false, false]);
});

test("more owners than fit into a digest take turns, and a turn says nothing of the others", () => {
  const owners = numbers(DIGEST_OWNERS_MAX + 300);
  const [a, b] = twoWith(owners, 1);
  for (const owner of owners) says(b, owner, 1, 1);
  for (const turn of [1, 2, 3]) {
    const digest = a.digest();
    expect(digest.length).toBeLessThanOrEqual(2 + 35 + 25 * DIGEST_OWNERS_MAX);
    expect(b.diff(digest), `turn ${turn}`).toEqual(new Uint8Array(0));
  }
  for (const owner of [0, DIGEST_OWNERS_MAX + 299]) says(b, owner, 2, 1);
  const before = pushPull(a, b, START_MS).messageBytes.length;
  const after = pushPull(a, b, START_MS).messageBytes.length;
  expect([before, after]).toEqual([4, 4]);
  expect(seen(a)).toEqual(seen(b));
});

test("an owner between two turns is in one of them", () => {
  const owners = numbers(2 * DIGEST_OWNERS_MAX).filter((owner) => owner !== DIGEST_OWNERS_MAX);
  const [a, b] = twoWith(owners, 1);
  says(b, DIGEST_OWNERS_MAX, 1, 1);
  b.nodeJoined(nodeId(DIGEST_OWNERS_MAX), START_MS);
  for (const owner of owners) says(b, owner, 1, 1);
  for (let turn = 0; turn < 2; turn++) pushPull(a, b, START_MS);
  expect(a.stats.entries).toBe(b.stats.entries);
});

test("what the other one refuses does not keep back for ever what it would take", () => {
  const sayers = numbers(10);
  const [a] = twoWith(sayers, 1_000);
  const b = catalogOf(B, { options: { entriesPerOwnerMax: 10 } });
  for (const owner of [A, B, ...sayers, 50]) {
    a.nodeJoined(nodeId(owner), START_MS);
    b.nodeJoined(nodeId(owner), START_MS);
  }
  for (let round = 0; round < 20; round++) pushPull(a, b, START_MS);
  says(a, 50, 1, 5);
  let rounds = 0;
  for (; b.all().filter(({ node }) => node === nodeId(50)).length < 5; rounds++) {
    if (rounds === 100) throw new Error("starved");
    pushPull(b, a, START_MS);
  }
  expect(rounds).toBeLessThan(30);
});

test("what is held of a node that is gone is not passed on, nor asked for where it is gone there too", () => {
  const [a, b] = twoWith([1], 5);
  a.nodeFailed(nodeId(1), START_MS);
  expect(pushPull(a, b, START_MS).messageBytes.length, "b has nothing of it and does not ask").toBe(1);
  expect(pushPull(b, a, START_MS).messageBytes.length, "a does not offer it").toBe(1);
  says(b, 1, 1, 4);
  b.nodeFailed(nodeId(1), START_MS);
  expect(pushPull(a, b, START_MS).messageBytes.length, "gone at both, and different").toBe(1);
  b.nodeJoined(nodeId(1), START_MS);
  pushPull(a, b, START_MS);
  expect(b.all().length, "one of both believes that it lives").toBe(5);
});

test("two nodes that forget a dead one at different times do not keep its entries alive between them", () => {
  const [a, b] = twoWith([1], 5);
  pushPull(a, b, START_MS);
  a.nodeFailed(nodeId(1), START_MS);
  b.nodeFailed(nodeId(1), START_MS + 120_000);
  for (let minute = 1; minute < 100; minute++) {
    const nowMs = START_MS + DEFAULTS.ownerGoneMs + minute * 60_000;
    for (const catalog of [a, b]) catalog.tick(nowMs);
    pushPull(a, b, nowMs);
    pushPull(b, a, nowMs);
  }
  expect([a.stats.entries, b.stats.entries]).toEqual([0, 0]);
});

test("a node that was set back in time forgets who is gone all the same", () => {
  const [a] = twoWith([1], 5);
  const before = START_MS - 86_400_000;
  a.nodeFailed(nodeId(1), START_MS);
  a.tick(before);
  a.tick(before + DEFAULTS.ownerGoneMs + 60_000);
  expect(a.stats.entries).toBe(0);
});

test("after a restart, an owner takes over its tombstones from others and then has nothing to exchange", () => {
  const [a, b] = twoWith([], 0);
  a.put(entryOf("hello"), START_MS);
  a.remove("hello", "hello", START_MS);
  pushPull(a, b, START_MS);
  const again = catalogOf(A, { firstVersion: START_MS + 1_000 });
  for (const owner of [A, B]) again.nodeJoined(nodeId(owner), START_MS);
  expect(total(pushPull(again, b, START_MS + 1_000).messageBytes)).toBeGreaterThan(100);
  expect(pushPull(again, b, START_MS + 1_000).messageBytes.length).toBe(1);
  expect(pushPull(b, again, START_MS + 1_000).messageBytes.length).toBe(1);
});
