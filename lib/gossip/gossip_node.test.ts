import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { MINUTE } from "../base/mod.ts";
import { encodeMessage, PACKET_VERSION } from "./core/packet.ts";
import { decodeKeys } from "./key_keeper.ts";
import { DatagramKind, DatagramSeal, KeyRing } from "./seal/mod.ts";
import { HELLO_ENTRY } from "./testing/hello_entry.ts";
import { FAST, livingOf, TestCluster, type TestNode } from "./testing/test_cluster.ts";
import { until } from "./testing/until.ts";

setDefaultTimeout(120_000);

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.create();
});

afterEach(() => cluster.stop());

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
  nodes[1]!.gossip.publish(HELLO_ENTRY);
  await until("all have the entry", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 1));
  expect(nodes[4]!.gossip.catalog.entries("hello")[0]).toMatchObject({ ...HELLO_ENTRY, node: nodes[1]!.gossip.id });
  expect(nodes[4]!.services).toContain("hello");
  nodes[1]!.gossip.withdraw("hello", "hello@1");
  await until("nobody has it", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 0));
});

test("a node that joins later gets the entries that are there", async () => {
  const nodes = await startNodes(3);
  await untilAllKnow(nodes);
  for (let number = 1; number <= 50; number++) {
    nodes[0]!.gossip.publish({ ...HELLO_ENTRY, instance: `hello@${number}` });
  }
  const late = await cluster.join("late", nodes[1]!);
  await until("it has all", () => late.gossip.catalog.entries("hello").length === 50);
});

test("a node that is gone is noticed by all, and its entries are hidden", async () => {
  const nodes = await startNodes(5);
  await untilAllKnow(nodes);
  nodes[2]!.gossip.publish(HELLO_ENTRY);
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

test("what a node says of itself later is heard by all", async () => {
  const nodes = await startNodes(3);
  await untilAllKnow(nodes);
  const { gossip } = nodes[1]!;
  gossip.describe({ region: "elsewhere" });
  await until(
    "all have heard",
    () => nodes.every((node) => node.gossip.member(gossip.id)?.record.region === "elsewhere"),
  );
  expect(() => gossip.describe({ addresses: [] })).toThrow("expected 1 to 8 addresses, found 0");
  expect(gossip.member(gossip.id)?.record.region).toBe("elsewhere");
  expect(() => gossip.describe({}, nodes[0]!.identity)).toThrow("the identity is that of node");
});

test("a day later there is a new key, which all have, and nobody was taken for failed over that", async () => {
  let passedMs = 0;
  const { clock } = cluster;
  const clocks = { wallMs: () => clock.wallMs() + passedMs, steadyMs: () => clock.steadyMs() + passedMs };
  const first = await cluster.start("n0", { clocks });
  const nodes = [first, await cluster.join("n1", first, { clocks }), await cluster.join("n2", first, { clocks })];
  await untilAllKnow(nodes);
  const [before] = decodeKeys(first.gossip.keys());
  passedMs = 25.5 * 60 * MINUTE;
  const newest = () => nodes.map(({ gossip }) => decodeKeys(gossip.keys())[0]!.id);
  await until("all have one new key", () => newest().every((id) => id === newest()[0] && id !== before!.id));
  await untilAllKnow(nodes);
  expect(nodes.flatMap(({ changes }) => changes).filter(({ change }) => change === "failed")).toEqual([]);
  nodes[2]!.gossip.publish(HELLO_ENTRY);
  await until("news come through", () => nodes.every(({ gossip }) => gossip.catalog.entries("hello").length === 1));
  expect(decodeKeys(nodes[1]!.keys).map(({ id }) => id)).toContain(newest()[0]!);
});

test("a node whose key was copied to another process is reported", async () => {
  const nodes = await startNodes(3);
  await untilAllKnow(nodes);
  const { identity, gossip } = nodes[1]!;
  await cluster.join("n1", nodes[0]!, { identity });
  const line = `node ${gossip.id.slice(0, 8)} is at 127.0.0.1:`;
  await until("somebody says so", () => nodes.some(({ lines }) => lines.some((text) => text.startsWith(line))));
});

test("the usual port is given up for another where it is taken, one that was asked for is not", async () => {
  const usual = await cluster.start("n0", { port: undefined });
  const other = await cluster.start("n1", { port: undefined });
  expect(other.gossip.port).not.toBe(usual.gossip.port);
  await expect(cluster.start("n2", { port: other.gossip.port })).rejects.toThrow(
    `listening for gossip at UDP 127.0.0.1:${other.gossip.port}: EADDRINUSE`,
  );
});

test("seeds may be names, which are looked up", async () => {
  const first = await cluster.start("n0");
  const other = await cluster.start("n1", { keys: first.gossip.keys(), seeds: [`localhost:${first.gossip.port}`] });
  await untilAllKnow([first, other]);
});

test("a contact that is typed while the node runs is looked for; what is none is an error", async () => {
  const first = await cluster.start("n0");
  const other = await cluster.start("n1", { keys: first.gossip.keys() });
  expect(() => other.gossip.contact(["nothing"])).toThrow('expected HOST:PORT, found "nothing"');
  other.gossip.contact([`127.0.0.1:${first.gossip.port}`]);
  await untilAllKnow([first, other]);
});

test("a node that was stopped answers nothing, and leaves its port free", async () => {
  const node = await cluster.start("n0");
  const request = node.gossip.beginExchange();
  const { port } = node.gossip;
  node.gossip.stop();
  node.gossip.stop();
  await node.gossip.leave();
  expect(() => node.gossip.answerExchange(request, "a".repeat(32))).toThrow("this node has left the cluster");
  expect((await cluster.start("n1", { port })).gossip.port).toBe(port);
});

/** The cluster's time until it is stopped, and that moment from then on: what waits for a time does so for ever. */
function stoppableClocks() {
  const { clock } = cluster;
  let stoppedAtMs: number | undefined;
  const steadyMs = () => stoppedAtMs ?? clock.steadyMs();
  return { clocks: { wallMs: clock.wallMs, steadyMs }, stop: () => void (stoppedAtMs = clock.steadyMs()) };
}

test("a node alone leaves at once", async () => {
  const { clocks, stop } = stoppableClocks();
  const node = await cluster.start("n0", { clocks });
  stop();
  await node.gossip.leave();
});

test("a node that leaves while others know it already, and it does not know them yet, says goodbye to them", async () => {
  const first = await cluster.start("n0");
  const answered = Promise.withResolvers<void>();
  const identity = await cluster.identity("n1");
  const leaver = await cluster.join("n1", first, {
    identity,
    streams: {
      exchange: async (_target, request) => {
        const answer = first.gossip.answerExchange(request, identity.nodeId);
        await answered.promise;
        return answer;
      },
      probe: () => Promise.reject(new Error("no stream")),
    },
  });
  await until("it is met", () => first.gossip.member(leaver.gossip.id)?.state === "alive");
  expect(leaver.gossip.members()).toHaveLength(1);
  const leaving = leaver.gossip.leave();
  answered.resolve();
  await leaving;
  await until("it is known to have left", () => first.gossip.member(leaver.gossip.id)?.state === "left");
});

test("a node leaves when its goodbye was told often enough, though an answer to somebody was what told it last", async () => {
  const first = await cluster.start("n0");
  const membership = { ...FAST, probeIntervalMs: 10_000, gossipIntervalMs: 10_000, pushPullIntervalMs: 60_000 };
  const { clocks, stop } = stoppableClocks();
  const leaver = await cluster.join("n1", first, { membership, clocks, random: () => 0.9 });
  await untilAllKnow([first, leaver]);
  const ring = new KeyRing();
  ring.restore(decodeKeys(leaver.gossip.keys()), Date.now());
  const asking = new DatagramSeal("ee".repeat(16), ring, Date.now());
  const ping = encodeMessage({ kind: "ping", sequence: 1, target: leaver.gossip.id });
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port: 0, socket: {} });
  stop();
  const leaving = leaver.gossip.leave();
  // One telling at once, of the four that two members want; each answer is another.
  for (let tellings = 1; tellings < 4; tellings++) {
    const datagram = asking.seal(DatagramKind.MEMBERSHIP, new Uint8Array([PACKET_VERSION, ...ping]), Date.now())!;
    socket.send(datagram, leaver.gossip.port, "127.0.0.1");
  }
  await leaving;
  socket.close();
});

test("after its stop nobody is told anything of a node, whatever it did just before or is asked to do then", async () => {
  const node = await cluster.start("n0");
  node.gossip.publish(HELLO_ENTRY);
  node.gossip.stop();
  node.gossip.publish({ ...HELLO_ENTRY, instance: "hello@2" });
  await new Promise(setImmediate);
  expect(node.services).toEqual([]);
});

test("options out of their bounds are refused", async () => {
  await expect(cluster.start("n0", { port: -1 })).rejects.toThrow("gossip option port: expected 0 to 65535, found -1");
  await expect(cluster.start("n0", { membership: { gossipNodes: 0 } })).rejects.toThrow("gossipNodes is 0");
  await expect(cluster.start("n0", { multicast: { port: 0 } })).rejects.toThrow("multicast option port");
  await expect(cluster.start("n0", { keys: new Uint8Array([9]) })).rejects.toThrow("9 keys, expected at most 4");
});

test("a member whose best address is not reached is heard at its other one", async () => {
  const first = await cluster.start("n0");
  const facts = {
    // Nobody listens at the first.
    addresses: ["127.0.0.99", "127.0.0.1"],
    nodePort: 1,
    tlsPort: 1,
    region: "",
    zone: "",
    version: "",
    startedAtMs: 0,
    isAuthority: false,
  };
  const other = await cluster.join("n1", first, { facts });
  await untilAllKnow([first, other]);
  const probed = () => first.gossip.stats().membership.probes - first.gossip.stats().membership.probesFailed;
  await until("probes are answered", () => probed() > 5);
  first.gossip.publish(HELLO_ENTRY);
  await until("news come through", () => other.gossip.catalog.entries("hello").length === 1);
  expect(first.changes.map(({ change }) => change)).not.toContain("failed");
});

test("a process with nothing to do but gossip ends", async () => {
  const script = `
    import { TestCluster } from ${JSON.stringify(join(import.meta.dir, "testing/test_cluster.ts"))};
    const cluster = await TestCluster.create();
    const first = await cluster.start("n0", { multicast: { interfaces: ["127.0.0.1"], port: 29042 } });
    await cluster.join("n1", first);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
});
