import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../test/harness/until.ts";
import { KIB } from "../../base/mod.ts";
import { dialTls } from "../../net/tls/mod.ts";
import { createClient } from "../../rpc/mod.ts";
import type { NetworkSettings } from "../home/mod.ts";
import { Cluster } from "./cluster.ts";
import { ClusterFile } from "./cluster_file.ts";
import type { Doors } from "./join.ts";
import type { LocalNode } from "./local_node.ts";

// Nodes that find each other take seconds on a busy machine.
setDefaultTimeout(120_000);

const NETWORK: NetworkSettings = {
  host: "127.0.0.1",
  addresses: undefined,
  port: 0,
  gossipPort: 0,
  instancePorts: undefined,
  seeds: [],
  isMulticast: false,
  multicastPort: 9042,
  preset: "local",
  managers: ["*"],
};
const NODE: LocalNode = {
  has: () => false,
  startsHere: () => false,
  wake: () => Promise.resolve(false),
  schemaOf: () => Promise.resolve(undefined),
  conditions: () => new Map(),
  acceptAgent: () => {},
};

const saved = process.env["CELL_HOME"];
let folder: string;
let clusters: Cluster[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  process.env["CELL_HOME"] = join(folder, "home");
  clusters = [];
});

afterEach(async () => {
  await Promise.all(clusters.map((cluster) => cluster.pause()));
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

/** A node of this name in this process, with what it told its processes and its log. */
function node(name: string, network: Partial<NetworkSettings> = {}, doors?: Doors, id = name) {
  const keys = join(folder, name);
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const told: boolean[] = [];
  const lines: string[] = [];
  const cluster = new Cluster({
    keys,
    settings: { id, region: "r", zone: "z", heartbeatMs: 1000, network: { ...NETWORK, ...network } },
    version: "1.2.3",
    node: NODE,
    tell: (isOnline) => told.push(isOnline),
    log: (line) => lines.push(line),
    ...(doors === undefined ? {} : { doors }),
  });
  clusters.push(cluster);
  const names = async () => (await cluster.overview.members()).map((member) => `${member.name} ${member.state}`);
  return { cluster, keys, told, lines, names };
}

/** Resolves when each of the two knows the other: one that knows nobody has nobody to say goodbye to. */
async function bothAlive(...nodes: Pick<ReturnType<typeof node>, "names">[]): Promise<void> {
  const isComplete = async ({ names }: (typeof nodes)[number]) => (await names()).join() === "one alive,two alive";
  for (const one of nodes) await until(() => isComplete(one), "both to know each other");
}

/** One of those that no system gives out by itself: nobody takes it who has not asked for it. */
function anyPort(): number {
  return 20_000 + Math.floor(Math.random() * 10_000);
}

/** A UDP port of this machine that somebody has. */
async function takenPort() {
  for (;;) {
    const port = anyPort();
    const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (socket !== undefined) return { port, socket };
  }
}

test("a token request that is refused opens no port and turns no network on", async () => {
  const { cluster, told } = node("one");
  await expect(cluster.createToken({ uses: 0 })).rejects.toThrow("expected 1 to");
  await expect(cluster.createToken({ ttlMs: 1 })).rejects.toThrow("from 1 s to 30 days");
  expect([cluster.network, told]).toEqual([undefined, []]);
});

test("for who is no member no more is held than joining takes: hundreds may come at once, and say nothing else", async () => {
  const { cluster } = node("one");
  await cluster.createToken({});
  const { nodePort, identity: { trust } } = cluster.network!;
  const stranger = createClient(await dialTls({ host: "127.0.0.1", port: nodePort, trust }));
  try {
    const { messageBytesMax, connectionCallsMax } = await stranger.hello();
    expect(messageBytesMax).toBeLessThanOrEqual(16 * KIB);
    expect(connectionCallsMax).toBeLessThanOrEqual(4);
  } finally {
    await stranger.close();
  }
});

test("a machine joins, leaves and comes back; what is remembered is of the cluster that it is in", async () => {
  const one = node("one");
  const two = node("two");
  const { token } = await one.cluster.createToken({});
  await two.cluster.join(token, undefined);
  await bothAlive(one, two);
  const { cluster } = await one.cluster.overview.status();
  expect(JSON.parse(readFileSync(join(two.keys, "cluster.json"), "utf8"))).toMatchObject({ cluster, network: true });
  await two.cluster.leave();
  await until(async () => (await one.names()).join() === "one alive,two left", "the other to hear of it");
  expect(two.told).toEqual([true, false]);
  await two.cluster.join(undefined, undefined);
  await until(async () => (await one.names()).join() === "one alive,two alive", "it to be back");
});

test("a node says where it is, and which services its cluster has by their names alone", async () => {
  const one = node("one");
  const two = node("two");
  const { token } = await one.cluster.createToken({});
  await two.cluster.join(token, undefined);
  expect(await two.cluster.overview.status()).toMatchObject({ node: "two", region: "r", zone: "z" });
  const offer = {
    service: "pay",
    species: "0123456789abcdef",
    release: 1,
    quicPort: 1,
    tlsPort: 2,
    isRestricted: false,
  };
  for (const instance of ["pay@1", "pay@2"]) two.cluster.network!.presences.add({ ...offer, instance });
  await until(() => one.cluster.overview.services().length > 0, "the service to be known elsewhere");
  expect([one.cluster.overview.services(), two.cluster.overview.services()]).toEqual([["pay"], ["pay"]]);
});

test("a join that cannot keep its identity leaves the node what it was, with its network on", async () => {
  const one = node("one");
  const two = node("two");
  const { token } = await one.cluster.createToken({});
  await two.cluster.createToken({});
  const before = await two.cluster.overview.status();
  const identity = join(two.keys, "identity.pem");
  const text = readFileSync(identity, "utf8");
  writeFileSync(identity, "damaged");
  await expect(two.cluster.join(token, undefined)).rejects.toThrow("identity.pem");
  writeFileSync(identity, text);
  const after = await two.cluster.overview.status();
  expect([after.cluster, after.network]).toEqual([before.cluster, true]);
  expect(two.cluster.tokens.open()).toHaveLength(1);
});

test("an agent that ends does not wait for a join that finds nobody, and begins nothing any more", async () => {
  const dialing = Promise.withResolvers<void>();
  const doors: Doors = {
    dial(_address, _fingerprint, signal) {
      dialing.resolve();
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    },
    seek: () => Promise.resolve([]),
  };
  const { token } = await node("one").cluster.createToken({});
  const { cluster, told } = node("two", {}, doors);
  const joining = cluster.join(token, undefined);
  joining.catch(() => {});
  await dialing.promise;
  await cluster.end();
  await expect(joining).rejects.toThrow("the agent is going down");
  await expect(cluster.createToken({})).rejects.toThrow("the agent is going down");
  await cluster.resume();
  expect([cluster.network, told]).toEqual([undefined, []]);
});

test("what was asked for together comes one after the other, and the last one holds", async () => {
  const { cluster, told } = node("one");
  const results = await Promise.allSettled([
    cluster.createToken({}),
    cluster.leave(),
    cluster.createToken({}),
    cluster.leave(),
  ]);
  expect(results.map(({ status }) => status)).toEqual(new Array(4).fill("fulfilled"));
  expect([cluster.network, told]).toEqual([undefined, [true, false, true, false]]);
});

test("a network that cannot be turned on half-way leaves no port open and says which was taken", async () => {
  const taken = await takenPort();
  const { cluster, told } = node("one", { gossipPort: taken.port });
  try {
    await expect(cluster.createToken({})).rejects.toThrow(String(taken.port));
    expect([cluster.network, told]).toEqual([undefined, []]);
    expect(cluster.tokens.open()).toEqual([]);
  } finally {
    taken.socket.close();
  }
  await cluster.createToken({});
});

test("a paused agent whose program goes on has its network again", async () => {
  const { cluster, keys } = node("one");
  // Where it listened last: a port that the system gave it could be somebody else's meanwhile.
  new ClusterFile(join(keys, "cluster.json")).update({ nodePort: anyPort(), gossipPort: anyPort() });
  await cluster.createToken({});
  const port = cluster.network!.nodePort;
  await cluster.pause();
  await expect(cluster.createToken({})).rejects.toThrow("new binary");
  await cluster.resume();
  expect(cluster.network?.nodePort).toBe(port);
});

test.skipIf(!existsSync("/dev/full"))("a full disk does not keep an agent that starts from its network", async () => {
  const before = node("one");
  await before.cluster.createToken({});
  await before.cluster.pause();
  const after = node("one");
  symlinkSync("/dev/full", join(after.keys, "cluster.json.new"));
  await after.cluster.begin();
  expect([after.cluster.condition.state, after.told]).toEqual(["on", [true]]);
});

test("an address that is none is refused before anybody is asked", async () => {
  const { token } = await node("one").cluster.createToken({});
  await expect(node("two").cluster.join(token, "192.0.2.7")).rejects.toThrow("expected HOST:PORT");
});

test("a removal is on the disk when it is answered, and removing oneself is not leaving", async () => {
  const one = node("one");
  const two = node("two");
  const { token } = await one.cluster.createToken({ uses: 2 });
  await two.cluster.join(token, undefined);
  await until(async () => (await one.names()).length === 2, "the other node");
  const own = (await one.cluster.overview.status()).nodeId;
  for (const self of ["one", own, own.slice(0, 8)]) {
    expect(() => one.cluster.network!.removeMember(self)).toThrow("cell leave");
  }
  const removed = one.cluster.network!.removeMember("two");
  expect(one.cluster.network!.revoked()).toEqual([removed.id]);
  const kept = JSON.parse(readFileSync(join(one.keys, "cluster.json"), "utf8")) as { revocations: string };
  expect(kept.revocations).not.toBe("");
});

test("a node that keeps quiet since the agent began is removed by its whole id, which the log has", async () => {
  const before = node("one");
  const two = node("two");
  const { token } = await before.cluster.createToken({});
  await two.cluster.join(token, undefined);
  const { nodeId } = await two.cluster.overview.status();
  expect(before.lines.join("\n")).toContain(`node ${nodeId} (two) joined`);
  await Promise.all([two.cluster.pause(), before.cluster.pause()]);
  const one = node("one");
  await one.cluster.begin();
  const remove = (which: string) => one.cluster.network!.removeMember(which);
  expect(() => remove("nobody")).toThrow("removed by its whole id");
  expect(() => remove("f".repeat(8))).toThrow("removed by its whole id");
  expect(remove(nodeId).id).toBe(nodeId);
  expect(one.cluster.network!.revoked()).toEqual([nodeId]);
});

test("an agent without a network says so when it begins, and one whose network cannot be turned on does too", async () => {
  const off = node("one");
  await off.cluster.begin();
  expect(off.told).toEqual([false]);
  const broken = node("two");
  writeFileSync(join(broken.keys, "cluster.json"), "{");
  await broken.cluster.begin();
  expect(broken.told).toEqual([false]);
  expect(broken.lines.join()).toContain("cluster.json");
});

test("a node that has left says so after a restart too, until it is back", async () => {
  const one = node("one");
  expect(one.cluster.condition.state).toBe("starting");
  await one.cluster.begin();
  await one.cluster.leave();
  expect(one.cluster.condition.state).toBe("off");
  await one.cluster.createToken({});
  expect(one.cluster.condition).toEqual({ state: "on", problem: null, warning: null });
  await one.cluster.leave();
  const again = node("one");
  await again.cluster.begin();
  expect(again.cluster.condition.state).toBe("left");
  expect(await again.cluster.overview.status()).toMatchObject({ state: "left", problem: expect.any(String) });
  await again.cluster.join(undefined, undefined);
  expect(again.cluster.condition.state).toBe("on");
});

test("a node that was removed says so after a restart too", async () => {
  const one = node("one");
  const two = node("two");
  await two.cluster.begin();
  const { token } = await one.cluster.createToken({});
  await two.cluster.join(token, undefined);
  await bothAlive(one, two);
  one.cluster.network!.removeMember("two");
  await until(() => two.cluster.condition.state === "removed", "it to hear of that");
  const again = node("two");
  await again.cluster.begin();
  expect(again.cluster.condition).toMatchObject({ state: "removed", problem: expect.stringContaining("new token") });
});

test("a network that cannot be turned on again has failed, with the reason, until it can", async () => {
  const one = node("one");
  await one.cluster.createToken({});
  await one.cluster.pause();
  const path = join(one.keys, "cluster.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, "{");
  const again = node("one");
  await again.cluster.begin();
  expect(again.cluster.condition).toMatchObject({ state: "failed", problem: expect.stringContaining("cluster.json") });
  writeFileSync(path, text);
  await again.cluster.begin();
  expect(again.cluster.condition).toMatchObject({ state: "on", problem: null });
});

test("a node has the name of node.toml until it is among others, and keeps the one that it has then", async () => {
  const before = node("one");
  const { nodeId } = await before.cluster.overview.status();
  const first = node("one", {}, undefined, "uno");
  await first.cluster.createToken({});
  expect(await first.cluster.overview.status()).toMatchObject({ nodeId, node: "uno" });
  expect(first.cluster.condition.warning).toBeNull();
  await first.cluster.pause();
  const renamed = node("one", {}, undefined, "eins");
  await renamed.cluster.begin();
  expect(await renamed.names()).toEqual(["uno alive"]);
  expect(renamed.cluster.name).toBe("uno");
  expect(renamed.cluster.condition.warning).toContain("node.toml calls this node eins, and it is uno");
  expect(renamed.lines.join()).toContain("warn: node.toml calls this node eins");
});

test(
  "a node that has left and joins with a token is who it was; one that was removed, or has another name, is not",
  async () => {
    const one = node("one");
    const two = node("two");
    const { token } = await one.cluster.createToken({ uses: 9 });
    await two.cluster.join(token, undefined);
    const { nodeId } = await two.cluster.overview.status();
    await bothAlive(one, two);
    await two.cluster.leave();
    await until(async () => (await one.names()).join() === "one alive,two left", "it to leave");
    await two.cluster.join(token, undefined);
    expect((await two.cluster.overview.status()).nodeId).toBe(nodeId);
    await bothAlive(one, two);
    await two.cluster.leave();
    await until(async () => (await one.names()).join() === "one alive,two left", "it to leave");
    one.cluster.network!.removeMember("two");
    await two.cluster.join(token, undefined);
    const after = await two.cluster.overview.status();
    expect(after.nodeId).not.toBe(nodeId);
    await two.cluster.leave();
    const renamed = node("two", {}, undefined, "zwei");
    await renamed.cluster.begin();
    await renamed.cluster.join(token, undefined);
    const last = await renamed.cluster.overview.status();
    expect(last.node).toBe("zwei");
    expect(last.nodeId).not.toBe(after.nodeId);
  },
);
