import { afterEach, beforeEach, expect, test } from "bun:test";
import type { OwnEntry } from "./catalog/mod.ts";
import { livingOf, TestCluster, type TestNode } from "./testing/test_cluster.ts";
import { until } from "./testing/until.ts";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.create();
});

afterEach(() => cluster.stop());

const HELLO: OwnEntry = {
  service: "hello",
  instance: "hello@1",
  species: "0123456789abcdef",
  release: 7,
  quicPort: 20001,
  tlsPort: 20001,
  load: 0,
  health: "up",
  access: false,
};

/** Nodes n0, n1 and so on; all but the first have the first for a seed. */
async function startNodes(count: number): Promise<TestNode[]> {
  const first = await cluster.start("n0");
  const others = Array.from({ length: count - 1 }, (_, index) => cluster.join(`n${index + 1}`, first));
  return [first, ...await Promise.all(others)];
}

async function untilAllKnow(nodes: readonly TestNode[]): Promise<void> {
  const names = nodes.map(({ identity }) => identity.name).sort().join();
  await until(`all know ${names}`, () => nodes.every((node) => livingOf(node).join() === names));
}

test("five nodes find each other by one seed", async () => {
  const nodes = await startNodes(5);
  await untilAllKnow(nodes);
  const [first] = nodes[4]!.gossip.members().filter(({ record }) => record.name === "n0");
  expect(first).toMatchObject({ state: "alive", isSelf: false });
  expect(first?.record).toMatchObject({ nodeId: nodes[0]!.gossip.id, nodePort: nodes[0]!.nodePort, region: "default" });
});

test("an entry of one node appears on all, and goes when it is withdrawn", async () => {
  const nodes = await startNodes(5);
  await untilAllKnow(nodes);
  nodes[1]!.gossip.publish(HELLO);
  await until("all have the entry", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 1));
  expect(nodes[4]!.gossip.catalog.entries("hello")[0]).toMatchObject({ ...HELLO, node: nodes[1]!.gossip.id });
  expect(nodes[4]!.services).toContain("hello");
  nodes[1]!.gossip.withdraw("hello", "hello@1");
  await until("nobody has it", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 0));
});

test("a node that joins later gets the entries that are there", async () => {
  const nodes = await startNodes(3);
  await untilAllKnow(nodes);
  for (let number = 1; number <= 50; number++) nodes[0]!.gossip.publish({ ...HELLO, instance: `hello@${number}` });
  const late = await cluster.join("late", nodes[1]!);
  await until("it has all", () => late.gossip.catalog.entries("hello").length === 50);
});

test("a node that is gone is noticed by all, and its entries are hidden", async () => {
  const nodes = await startNodes(5);
  await untilAllKnow(nodes);
  nodes[2]!.gossip.publish(HELLO);
  await until("all have the entry", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 1));
  cluster.kill(nodes[2]!);
  const left = nodes.filter((node) => node !== nodes[2]);
  const { id } = nodes[2]!.gossip;
  await until("all know", () => left.every(({ gossip }) => gossip.member(id)?.state === "failed"));
  expect(left.every(({ gossip }) => gossip.catalog.entries("hello").length === 0)).toBe(true);
  expect(left.map(livingOf)).toEqual(Array(4).fill(["n0", "n1", "n3", "n4"]));
});

test("a node that leaves is known to have left, not to have failed", async () => {
  const nodes = await startNodes(4);
  await untilAllKnow(nodes);
  const leaver = nodes[3]!;
  await leaver.gossip.leave();
  const others = nodes.slice(0, 3);
  await until("all know", () => others.every(({ gossip }) => gossip.member(leaver.gossip.id)?.state === "left"));
  for (const { changes } of others) {
    const heard = changes.filter(({ member }) => member.id === leaver.gossip.id).map(({ change }) => change);
    expect(heard).not.toContain("failed");
  }
});

test("a node that was killed comes back with the contacts that it remembered, under a new address", async () => {
  const nodes = await startNodes(3);
  await untilAllKnow(nodes);
  const { identity, keys, contacts, gossip: { id } } = nodes[1]!;
  expect(contacts).toHaveLength(2);
  cluster.kill(nodes[1]!);
  const back = await cluster.start("n1", {
    identity,
    keys: keys.length > 0 ? keys : nodes[0]!.gossip.keys(),
    remembered: contacts,
  });
  await untilAllKnow([nodes[0]!, nodes[2]!, back]);
  await until(
    "all have its new port",
    () => [nodes[0]!, nodes[2]!].every(({ gossip }) => gossip.member(id)?.record.gossipPort === back.gossip.port),
  );
});
