import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { MINUTE, SECOND } from "../base/mod.ts";
import { decodeKeys } from "./key_keeper.ts";
import {
  createClusterKey,
  DATAGRAM_BYTES_MAX,
  DatagramKind,
  DatagramSeal,
  KeyRing,
  SENDER_BURST_MAX,
  SENDER_RATE_MAX,
} from "./seal/mod.ts";
import { HELLO_ENTRY } from "./testing/hello_entry.ts";
import { hasMulticast, TEST_MULTICAST } from "./testing/has_multicast.ts";
import { clockOff, FAST, livingOf, TestCluster, type TestNode } from "./testing/test_cluster.ts";
import { until } from "./testing/until.ts";

// Real sockets, and floods of them, on machines that may be slow.
setDefaultTimeout(120_000);

let cluster: TestCluster;
let nodes: TestNode[];
let outside: Bun.udp.Socket<"buffer">;

beforeEach(async () => {
  cluster = await TestCluster.create();
  nodes = [await cluster.start("n0")];
  nodes.push(await cluster.join("n1", nodes[0]!), await cluster.join("n2", nodes[0]!));
  await until("all know each other", () => nodes.every((node) => livingOf(node).length === 3));
  outside = await Bun.udpSocket({ hostname: "127.0.0.1", port: 0, binaryType: "buffer", socket: {} });
});

afterEach(() => {
  outside.close();
  cluster.stop();
});

/** As many as the receiver's socket holds while nobody reads from it. */
const BURST = 50;

/** Sends as fast as the receiver takes them: what the kernel drops proves nothing. */
async function flood(
  target: TestNode,
  count: number,
  datagram: (index: number) => Uint8Array,
  from = outside,
): Promise<void> {
  const looked = () => {
    const { refusals, membership } = target.gossip.stats();
    return Object.values(refusals).reduce((sum, refused) => sum + refused, membership.packetsIn);
  };
  for (let sent = 0; sent < count;) {
    const before = looked();
    const burst = Math.min(BURST, count - sent);
    for (let index = 0; index < burst; index++) from.send(datagram(sent++), target.gossip.port, "127.0.0.1");
    const endMs = performance.now() + 1000;
    while (looked() < before + burst && performance.now() < endMs) await new Promise(setImmediate);
  }
}

function seal(node: TestNode, keys = node.gossip.keys(), id = node.gossip.id, bootMs = Date.now()): DatagramSeal {
  const ring = new KeyRing({ adoptMs: 0 });
  ring.restore(decodeKeys(keys), Date.now());
  return new DatagramSeal(id, ring, bootMs);
}

/** All that a node exchanges because it is new is exchanged by then: its own first rounds, and the answers to its hello. */
const NEWCOMER_MS = 2 * SECOND;

function declaredFailed(): string[] {
  return nodes.flatMap(({ changes }) => changes.map(({ change }) => change)).filter((change) => change === "failed");
}

test("100,000 datagrams of garbage, half of them with the right key's id, keep nobody from gossip", async () => {
  const [target, author] = nodes as [TestNode, TestNode];
  const [key] = decodeKeys(target.gossip.keys());
  const garbage = crypto.getRandomValues(new Uint8Array(DATAGRAM_BYTES_MAX));
  const withId = garbage.slice(0, 300);
  new DataView(withId.buffer).setUint32(0, key!.id, true);
  const flooding = flood(
    target,
    100_000,
    (index) => index % 2 === 0 ? garbage.subarray(0, 40 + index % 1000) : withId,
  );
  author.gossip.publish(HELLO_ENTRY);
  await flooding;
  await until("news came through", () => target.gossip.catalog.entries("hello").length === 1);
  expect(target.gossip.stats().refusals.forged).toBeGreaterThan(40_000);
  expect(declaredFailed()).toEqual([]);
  expect(livingOf(target)).toHaveLength(3);
});

test("recorded datagrams that are sent again are refused, all of them", async () => {
  const [target, sender] = nodes as [TestNode, TestNode];
  const attacker = seal(sender, undefined, "ab".repeat(16));
  const recorded = Array.from(
    { length: 200 },
    () => attacker.seal(DatagramKind.MEMBERSHIP, new Uint8Array([0]), Date.now())!,
  );
  await flood(target, 200, (index) => recorded[index]!);
  await until("all were taken", () => target.gossip.stats().membership.refused.malformed === 200);
  for (let round = 0; round < 5; round++) await flood(target, 200, (index) => recorded[index]!);
  await until("all were refused", () => target.gossip.stats().refusals.replayed === 1000);
  expect(target.gossip.stats().membership.refused.malformed).toBe(200);
});

test("no changed bit and no foreign key gets past the seal", async () => {
  const [target] = nodes as [TestNode];
  const own = seal(target, undefined, "ab".repeat(16)).seal(DatagramKind.MEMBERSHIP, new Uint8Array(50), Date.now())!;
  const foreignRing = new KeyRing();
  foreignRing.restore([createClusterKey(Date.now())], Date.now());
  const foreign = new DatagramSeal("ab".repeat(16), foreignRing, Date.now());
  await flood(target, own.length * 8, (bit) => {
    const changed = own.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    return changed;
  });
  await flood(target, 100, () => foreign.seal(DatagramKind.MEMBERSHIP, new Uint8Array(50), Date.now())!);
  const { refusals } = target.gossip.stats();
  await until("all were refused", () => refusals.forged === (own.length - 4) * 8 && refusals.unknown_key === 32 + 100);
  expect(target.gossip.stats().membership.refused.malformed).toBe(0);
});

test("datagrams of before a node's restart are refused", async () => {
  const [target, other] = nodes as [TestNode, TestNode];
  const before = seal(target, undefined, other.gossip.id, Date.now() - MINUTE);
  await flood(target, 1, () => before.seal(DatagramKind.MEMBERSHIP, new Uint8Array(1), Date.now() - 30 * SECOND)!);
  await until("it was refused", () => target.gossip.stats().refusals.old_boot === 1);
});

test("a node whose clock is half an hour off is ignored, and both sides say so once", async () => {
  const [target] = nodes as [TestNode];
  const ahead = await cluster.start("ahead", {
    keys: target.gossip.keys(),
    remembered: target.gossip.contacts(1),
    clocks: clockOff(cluster.clock, 30 * MINUTE),
  });
  await until("it was refused twice", () => target.gossip.stats().refusals.clock_skew >= 2);
  const lines = target.lines.filter((line) => line.startsWith("clock skew"));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(
    `the clock of node ${ahead.gossip.id.slice(0, 8)} at 127.0.0.1:${ahead.gossip.port} is 30 min ahead of`,
  );
  const minutesAhead = ({ gossip }: TestNode) => Math.round((gossip.clockSkew?.aheadMs ?? 0) / MINUTE);
  await until("both know by how much", () => minutesAhead(target) === 30 && minutesAhead(ahead) === -30);
});

test("a member that floods is cut to its rate, which is said once, and the others are heard", async () => {
  const [target, author] = nodes as [TestNode, TestNode];
  const flooder = seal(target, undefined, "ab".repeat(16));
  const count = 20_000;
  const beganAtMs = cluster.clock.steadyMs();
  await flood(target, count, () => flooder.seal(DatagramKind.MEMBERSHIP, new Uint8Array([0]), Date.now())!);
  author.gossip.publish(HELLO_ENTRY);
  await until("news came through", () => target.gossip.catalog.entries("hello").length === 1);
  const { refusals, membership } = target.gossip.stats();
  const passedSeconds = (cluster.clock.steadyMs() - beganAtMs) / SECOND;
  expect(refusals.flood).toBeGreaterThan(0);
  expect(membership.refused.malformed).toBeLessThanOrEqual(SENDER_BURST_MAX + SENDER_RATE_MAX * passedSeconds);
  expect(membership.refused.malformed).toBeGreaterThanOrEqual(SENDER_BURST_MAX);
  expect(target.lines.filter((line) => line.includes("sends more datagrams than a node does"))).toHaveLength(1);
  expect(declaredFailed()).toEqual([]);
});

test("datagrams that are longer than any of ours, or empty, are refused by their length", async () => {
  const [target] = nodes as [TestNode];
  const sizes = [0, 1, 67, DATAGRAM_BYTES_MAX + 1, 60_000];
  await flood(target, sizes.length, (index) => new Uint8Array(sizes[index]!));
  await until("all were refused", () => target.gossip.stats().refusals.length === sizes.length);
});

test("unknown keys from a member's address, as somebody may forge them, cause one exchange in ten seconds", async () => {
  const other = nodes[1]!;
  // After those of a newcomer it exchanges nothing by itself.
  const membership = { ...FAST, pushPullIntervalMs: 60_000, reconnectIntervalMs: 60_000 };
  const target = await cluster.join("target", nodes[0]!, { membership });
  await until("all know each other", () => [target, ...nodes].every((node) => livingOf(node).length === 4));
  const joinedAtMs = cluster.clock.steadyMs();
  await until("it is no newcomer any more", () => cluster.clock.steadyMs() > joinedAtMs + NEWCOMER_MS);
  const before = target.gossip.stats().exchanges;
  const foreignRing = new KeyRing();
  foreignRing.restore([createClusterKey(Date.now())], Date.now());
  const foreign = new DatagramSeal("ab".repeat(16), foreignRing, Date.now());
  // As if from the other's port: it is its own socket that sends them.
  const port = other.gossip.port;
  cluster.kill(other);
  const forger = await Bun.udpSocket({ hostname: "127.0.0.1", port, binaryType: "buffer", socket: {} });
  try {
    await flood(
      target,
      500,
      () => foreign.seal(DatagramKind.MEMBERSHIP, new Uint8Array(1), Date.now())!,
      forger,
    );
    await until("all were refused", () => target.gossip.stats().refusals.unknown_key === 500);
  } finally {
    forger.close();
  }
  expect(target.gossip.stats().exchanges - before).toBe(1);
});

test.skipIf(!await hasMulticast())("two clusters in one multicast group do not see each other", async () => {
  const other = await TestCluster.create();
  try {
    const options = { multicast: TEST_MULTICAST };
    const [a, b] = [await cluster.start("a", options), await other.start("b", options)];
    await until(
      "each has heard the other",
      () => [a, b].every(({ gossip }) => gossip.stats().refusals.unknown_key > 0),
    );
    expect([livingOf(a), livingOf(b)]).toEqual([["a"], ["b"]]);
    expect([a, b].map(({ gossip }) => gossip.stats().exchanges)).toEqual([0, 0]);
  } finally {
    other.stop();
  }
});
