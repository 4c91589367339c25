import { expect, setDefaultTimeout, test } from "bun:test";
import { ClusterNode, Lan, TestCluster, until, whyNoLan } from "../harness/mod.ts";

setDefaultTimeout(120_000);

const why = whyNoLan();
if (why !== undefined && process.env["CI"] === "true") throw new Error(`the tests of a LAN have to run: ${why}`);

const HELLO = "export const greet = (name: string) => `Hello, ${name}, from ${process.env['HERE'] ?? 'somewhere'}`;\n";

/** Nodes of one cluster, each a machine of the LAN. */
function boards(lan: Lan, names: readonly string[], from = 0): { [name: string]: { host: Lan["hosts"][number] } } {
  return Object.fromEntries(names.map((name, index) => [name, { host: lan.hosts[from + index]! }]));
}

const onLan = test.skipIf(why !== undefined);
/** For those that wait longer than they work. */
const besideOthers = test.concurrent.skipIf(why !== undefined);
const suffix = why === undefined ? "" : ` (skipped: ${why})`;

onLan(`boards on one LAN are a cluster, and a name is called on whichever has it${suffix}`, async () => {
  using lan = new Lan(3);
  await using cluster = await TestCluster.start(boards(lan, ["ann", "bob", "cid"]));
  const [ann, bob, cid] = cluster.nodes;
  expect((await ann!.members()).map(({ address }) => address)).toEqual([
    "10.42.0.1:9043",
    "10.42.0.2:9043",
    "10.42.0.3:9043",
  ]);
  await bob!.deploy("hello", HELLO);
  expect(await ann!.call<string>("hello", "greet", "ann")).toContain("Hello, ann");
  expect(await cid!.call<string>("hello", "greet", "cid")).toContain("Hello, cid");
});

onLan(`a board finds its cluster although all addresses that it knows have changed${suffix}`, async () => {
  using lan = new Lan(2);
  await using cluster = await TestCluster.start(boards(lan, ["ann", "bob"]));
  const [ann, bob] = cluster.nodes;
  await bob!.ok(["down"]);
  await cluster.untilSeen(ann!, "bob", "left");
  await ann!.ok(["down"]);
  lan.readdress(0, "10.42.0.101");
  lan.readdress(1, "10.42.0.102");
  await Promise.all(cluster.nodes.map((node) => node.up()));
  await cluster.untilAgreed();
  const addresses = (await bob!.members()).map(({ address }) => address);
  expect(addresses).toEqual(["10.42.0.101:9043", "10.42.0.102:9043"]);
});

onLan(`two clusters on one LAN do not see each other${suffix}`, async () => {
  using lan = new Lan(4);
  await using ours = await TestCluster.start(boards(lan, ["ann", "bob"]));
  await using theirs = await TestCluster.start(boards(lan, ["eve", "mal"], 2));
  await ours.nodes[0]!.deploy("hello", HELLO);
  await until(
    async () => (await ours.nodes[1]!.discover("hello")).length === 1,
    "hello",
  );
  for (const node of theirs.nodes) {
    expect((await node.members()).map(({ name }) => name)).toEqual(["eve", "mal"]);
    const call = await node.cell(["call", "hello", "greet", "x"]);
    expect(call.exit).not.toBe(0);
    expect(call.stderr).toContain("hello");
  }
});

besideOthers(
  `a machine finds the cluster of its token on the LAN when no address in it leads anywhere${suffix}`,
  async () => {
    using lan = new Lan(2);
    await using cluster = TestCluster.ofHomes(boards(lan, ["ann", "bob"]));
    const [ann, bob] = cluster.nodes;
    await ann!.up();
    const token = await ann!.token();
    lan.readdress(0, "10.42.0.77");
    await until(
      async () => (await ann!.cluster()).addresses.includes("10.42.0.77"),
      "the agent to see its new address",
    );
    await bob!.up();
    await bob!.join(token);
    await cluster.untilSeen(bob!, "ann", "alive");
  },
);

besideOthers(
  `a board whose cable is pulled is routed around, and is back when it is put in again${suffix}`,
  async () => {
    using lan = new Lan(3);
    await using cluster = await TestCluster.start(boards(lan, ["ann", "bob", "cid"]));
    const [ann, bob, cid] = cluster.nodes;
    await Promise.all([bob!, cid!].map((node) => node.deploy("hello", HELLO)));
    const seenBy = async (node: ClusterNode) => (await node.discover("hello")).map((one) => one.node).sort();
    await until(async () => (await seenBy(ann!)).join() === "bob,cid", "both instances");
    lan.disconnect(1);
    await cluster.untilSeen(ann!, "bob", "failed");
    await until(async () => (await seenBy(ann!)).join() === "cid", "the unreachable instance to be left out");
    for (let call = 0; call < 5; call++) expect(await ann!.call<string>("hello", "greet", "x")).toContain("Hello, x");
    lan.connect(1);
    await cluster.untilAgreed();
    await until(async () => (await seenBy(ann!)).join() === "bob,cid", "both instances again");
  },
);
