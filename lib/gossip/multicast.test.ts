import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { MulticastReceiver, seekCluster, seekKeyOf, validateMulticast } from "./discovery/mod.ts";
import { HURRIED_HELLO_MS, Lan } from "./lan.ts";
import { hasMulticast, TEST_MULTICAST as multicast } from "./testing/has_multicast.ts";
import { FAST, livingOf, TestCluster, type TestNode } from "./testing/test_cluster.ts";
import { until } from "./testing/until.ts";

// Skipped where a container or a firewall forbids multicast on loopback; hasMulticast says so.
const withMulticast = test.skipIf(!await hasMulticast());
const TOKEN_SECRET = new Uint8Array(16).fill(7);
const JOIN = ["127.0.0.1:9043", "[::1]:9043"];

setDefaultTimeout(120_000);

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.create();
});

afterEach(() => cluster.stop());

/** Nodes that know the key, as after they joined, and no address. */
async function startNodes(count: number): Promise<TestNode[]> {
  const first = await cluster.start("n0", { multicast });
  const others = Array.from(
    { length: count - 1 },
    (_, index) => cluster.start(`n${index + 1}`, { multicast, keys: first.gossip.keys() }),
  );
  return [first, ...await Promise.all(others)];
}

withMulticast("five nodes find each other with no address given", async () => {
  const nodes = await startNodes(5);
  await until("all know each other", () => nodes.every((node) => livingOf(node).length === 5));
});

withMulticast("a newcomer among ten causes a few exchanges, not one with each", async () => {
  const nodes = await startNodes(10);
  await until("all know each other", () => nodes.every((node) => livingOf(node).length === 10));
  const count = () => nodes.reduce((sum, { gossip }) => sum + gossip.stats().exchanges, 0);
  const before = count();
  const startedAtMs = cluster.clock.steadyMs();
  const late = await cluster.start("late", { multicast, keys: nodes[0]!.gossip.keys() });
  await until("all know it", () => [...nodes, late].every((node) => livingOf(node).length === 11));
  // Push/pulls go on meanwhile: 10 nodes, one in half a second each.
  const pushPulls = Math.ceil((cluster.clock.steadyMs() - startedAtMs) / FAST.pushPullIntervalMs!) * 10;
  expect(count() + late.gossip.stats().exchanges - before).toBeLessThan(6 + pushPulls);
});

withMulticast("however often a node becomes alone, it says hello to all a few times a second at most", async () => {
  let nowMs = 0;
  const lan = await Lan.open({
    multicast: validateMulticast(multicast),
    seekKeys: () => [],
    addresses: () => [],
    onDatagram: () => true,
    onProblem: () => {},
    random: () => 0.5,
    nowMs: () => nowMs,
  });
  let hellos = 0;
  for (; nowMs < 10_000; nowMs += 10) {
    lan.hurry();
    if (nowMs < lan.nextHelloAtMs) continue;
    lan.sayHello(undefined, true);
    hellos++;
  }
  lan.close();
  expect(hellos).toBe(10_000 / HURRIED_HELLO_MS);
});

withMulticast("a machine with nothing but a token finds where to join", async () => {
  await cluster.start("n0", { multicast, seekKeys: () => [seekKeyOf(TOKEN_SECRET)], joinAddresses: () => JOIN });
  await cluster.start("n1", { multicast });
  expect(await seekCluster({ tokenSecret: TOKEN_SECRET, multicast })).toEqual(JOIN);
});

withMulticast("a token that nobody knows finds nothing, within its time", async () => {
  await cluster.start("n0", { multicast, seekKeys: () => [seekKeyOf(TOKEN_SECRET)], joinAddresses: () => JOIN });
  expect(await seekCluster({ tokenSecret: new Uint8Array(16), multicast, timeoutMs: 300 })).toEqual([]);
});

withMulticast("seeking ends with its signal", async () => {
  const abort = new AbortController();
  const seeking = seekCluster({ tokenSecret: TOKEN_SECRET, multicast, signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(seeking).rejects.toThrow("enough");
});

withMulticast("a node without keys says nothing to the network", async () => {
  const [node] = await startNodes(1);
  await cluster.start("silent", { multicast, waitsForKeys: true });
  await seekCluster({ tokenSecret: new Uint8Array(16), multicast, timeoutMs: 300 });
  const { refusals, exchanges } = node!.gossip.stats();
  // Its own hellos and what was just sought.
  expect([refusals.forged, refusals.clock_skew, exchanges]).toEqual([0, 0, 0]);
  expect(livingOf(node!)).toEqual(["n0"]);
});

withMulticast("a node that has other addresses says hello at once", async () => {
  let hellos = 0;
  const receiver = await MulticastReceiver.open(validateMulticast(multicast), () => hellos++);
  try {
    const [node] = await startNodes(1);
    await until("it has said all its first hellos but the late ones", () => hellos === 2);
    const describedAtMs = cluster.clock.steadyMs();
    node!.gossip.describe({ addresses: ["127.0.0.2"] });
    await until("it says another", () => hellos === 3);
    // Its next would have been due after some two seconds.
    expect(cluster.clock.steadyMs() - describedAtMs).toBeLessThan(1000);
  } finally {
    receiver.close();
  }
});

test("where multicast is impossible that is said once, and the rest works", async () => {
  const impossible = { port: multicast.port, interfaces: ["203.0.113.1"] };
  const one = await cluster.start("one", { multicast: impossible });
  const other = await cluster.join("other", one, { multicast: impossible });
  await until("they know each other", () => [one, other].every((node) => livingOf(node).length === 2));
  for (const { lines } of [one, other]) {
    const said = lines.filter((line) => line.startsWith("nodes on the local network are not found by themselves"));
    expect(said).toHaveLength(1);
  }
});

test("seeking where multicast is impossible says what to do instead", async () => {
  const impossible = { port: multicast.port, interfaces: ["203.0.113.1"] };
  await expect(seekCluster({ tokenSecret: TOKEN_SECRET, multicast: impossible })).rejects.toThrow(
    "this machine cannot send multicast (203.0.113.1: ",
  );
});
