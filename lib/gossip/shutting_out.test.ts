import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { RevocationSet } from "../net/identity/mod.ts";
import { decodeKeys } from "./key_keeper.ts";
import { HELLO_ENTRY } from "./testing/hello_entry.ts";
import { livingOf, TestCluster, type TestNode } from "./testing/test_cluster.ts";
import { until } from "./testing/until.ts";

setDefaultTimeout(120_000);

let cluster: TestCluster;
let nodes: TestNode[];

beforeEach(async () => {
  cluster = await TestCluster.create();
  nodes = [await cluster.start("n0")];
  for (const name of ["n1", "n2", "n3"]) nodes.push(await cluster.join(name, nodes[0]!));
  await until("all know each other", () => nodes.every((node) => livingOf(node).length === 4));
});

afterEach(() => cluster.stop());

function revocationOf(node: TestNode): Uint8Array {
  return cluster.authority.revoke(node.gossip.id, nodes[0]!.gossip.id, Date.now());
}

function newestKeyOf({ gossip }: TestNode): number {
  return decodeKeys(gossip.keys())[0]!.id;
}

test("a revoked node is forgotten everywhere, its entries go, and every node is told to close what leads to it", async () => {
  const [first, , , last] = nodes as [TestNode, TestNode, TestNode, TestNode];
  last.gossip.publish(HELLO_ENTRY);
  await until("all have its entry", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 1));
  first.gossip.revoke(revocationOf(last));
  const others = nodes.slice(0, 3);
  await until("all were told", () => others.every(({ revoked }) => revoked.includes(last.gossip.id)));
  for (const { gossip, revocations } of others) {
    expect(gossip.member(last.gossip.id)).toBeUndefined();
    expect(gossip.catalog.entries("hello")).toEqual([]);
    expect(revocations.has(last.gossip.id)).toBe(true);
  }
});

test("a revoked node hears that it is one, although nobody takes anything from it", async () => {
  const [first, , , last] = nodes as [TestNode, TestNode, TestNode, TestNode];
  last.isCutOff = true;
  first.gossip.revoke(revocationOf(last));
  await until("it was told", () => last.revoked.includes(last.gossip.id));
});

test("a revoked node does not get the key that follows, and all others do", async () => {
  const [first, , , last] = nodes as [TestNode, TestNode, TestNode, TestNode];
  const before = newestKeyOf(first);
  // Whoever closes connections to a revoked node does so here.
  last.isCutOff = true;
  first.gossip.revoke(revocationOf(last));
  const after = newestKeyOf(first);
  expect(after).not.toBe(before);
  const others = nodes.slice(0, 3);
  await until("the others have the new key", () => others.every((node) => newestKeyOf(node) === after));
  await until("it finds the others failed", () => livingOf(last).join() === "n3");
  expect(newestKeyOf(last)).toBe(before);
  expect(others.map(livingOf)).toEqual(Array(3).fill(["n0", "n1", "n2"]));
});

test("a revoked node that starts again is let in by nobody", async () => {
  const [first, , , last] = nodes as [TestNode, TestNode, TestNode, TestNode];
  first.gossip.revoke(revocationOf(last));
  await until("all were told", () => nodes.slice(0, 3).every(({ revoked }) => revoked.length === 1));
  const { identity, keys } = last;
  const remembered = last.contacts;
  cluster.kill(last);
  const back = await cluster.start("n3", {
    identity,
    keys,
    remembered,
    revocations: new RevocationSet(cluster.authority.key.publicKey),
  });
  await until(
    "it was told by an exchange, or refused",
    () => back.revoked.length > 0 || back.gossip.stats().exchanges > 3,
  );
  for (const node of nodes.slice(0, 3)) expect(livingOf(node)).toEqual(["n0", "n1", "n2"]);
});

test("a node that was away while another was revoked learns of it when it comes back", async () => {
  const [first, away, , last] = nodes as [TestNode, TestNode, TestNode, TestNode];
  const { identity, contacts } = away;
  const keys = away.gossip.keys();
  cluster.kill(away);
  first.gossip.revoke(revocationOf(last));
  const back = await cluster.start("n1", { identity, keys, remembered: contacts });
  await until("it knows", () => back.revocations.has(last.gossip.id) && newestKeyOf(back) === newestKeyOf(first));
  await until("it is in", () => livingOf(first).join() === "n0,n1,n2" && livingOf(back).join() === "n0,n1,n2");
});

test("a revocation that another cluster's authority signed is refused", async () => {
  const other = await TestCluster.create();
  const forged = other.authority.revoke(nodes[3]!.gossip.id, nodes[0]!.gossip.id, Date.now());
  expect(() => nodes[0]!.gossip.revoke(forged)).toThrow("not signed by this cluster's authority");
});

test("nodes whose keys have nothing in common any more find each other over a stream", async () => {
  const away = await cluster.start("away", {
    waitsForKeys: true,
    remembered: nodes[0]!.gossip.contacts(2),
  });
  await until("it is in", () => livingOf(away).length === 5 && livingOf(nodes[0]!).length === 5);
  expect(newestKeyOf(away)).toBe(newestKeyOf(nodes[0]!));
});

test("a node that nobody can be reached from over streams gets in by the others' streams", async () => {
  const shy = await cluster.join("shy", nodes[0]!, { streams: { exchange: cannot, probe: cannot } });
  await until("it is in", () => livingOf(shy).length === 5 && livingOf(nodes[0]!).length === 5);
});

function cannot(): Promise<never> {
  return Promise.reject(new Error("blocked"));
}
