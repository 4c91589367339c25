import { beforeAll, expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import { type NodeIdentity, RevocationSet } from "../net/identity/mod.ts";
import { encodeMessage, PACKET_VERSION } from "./core/packet.ts";
import { Exchanger } from "./exchanger.ts";
import type { GossipOptions } from "./gossip_options.ts";
import { encodeKeys } from "./key_keeper.ts";
import { HELLO_ENTRY } from "./testing/hello_entry.ts";
import { converse, meet, Stage } from "./testing/stage.ts";
import { TestCluster } from "./testing/test_cluster.ts";

let cluster: TestCluster;
let identities: NodeIdentity[];

beforeAll(async () => {
  cluster = await TestCluster.create();
  identities = await Promise.all(["ada", "bob", "eve"].map((name) => cluster.identity(name)));
});

function stages(options: Partial<GossipOptions> = {}): [Stage, Stage] {
  const key = cluster.authority.key.publicKey;
  const [ada, bob] = [new Stage(identities[0]!, key, 7001, options), new Stage(identities[1]!, key, 7002, options)];
  meet(ada, bob);
  return [ada, bob];
}

test("one exchange makes two nodes members of each other, with the same key", () => {
  const [ada, bob] = stages();
  expect(ada.state.member(bob.state.self)?.state).toBe("alive");
  expect(bob.state.member(ada.state.self)?.state).toBe("alive");
  expect(ada.state.keys()).toEqual(bob.state.keys());
});

test("an entry is heard over packets alone", () => {
  const [ada, bob] = stages();
  ada.state.publish(HELLO_ENTRY);
  converse(ada, bob, 2000);
  expect(bob.state.catalog.entries("hello")).toHaveLength(1);
});

test("a thousand entries, more than fit into one message, come with one exchange", () => {
  const [ada, bob] = stages();
  for (let number = 1; number <= 1000; number++) ada.state.publish({ ...HELLO_ENTRY, instance: `hello@${number}` });
  meet(bob, ada);
  expect(bob.state.catalog.entries("hello")).toHaveLength(1000);
});

test("the word of a new key makes a node fetch it from who said so", () => {
  const [ada, bob] = stages();
  ada.state.keyring.rotate(ada.nowMs);
  const before = bob.exchanges.length;
  converse(ada, bob, 1000);
  expect(bob.exchanges.slice(before)).toContain(ada.state.self);
  const fetches = bob.exchanges.length;
  meet(bob, ada);
  expect(bob.state.keys()).toEqual(ada.state.keys());
  converse(ada, bob, 1000);
  expect(bob.exchanges.length - fetches, "what it has it does not fetch again").toBeLessThan(3);
});

test("an expired certificate of its own does not end a node, and the others refuse it", () => {
  const [ada, bob] = stages();
  const years = 365 * 24 * 3_600_000;
  ada.nowMs += years;
  expect(() => ada.state.describe({ region: "later" })).not.toThrow();
  bob.nowMs = ada.nowMs;
  const before = bob.state.member(ada.state.self)?.record.region;
  meet(bob, ada);
  expect(bob.state.member(ada.state.self)?.record.region ?? before).toBe(before!);
});

test("packets of a hostile member, random or real ones with wrong bytes, throw nothing and believe nothing", () => {
  const [ada, bob] = stages();
  const eve = identities[2]!;
  ada.state.publish(HELLO_ENTRY);
  const random = seededRandom(21);
  const real: Uint8Array[] = [];
  for (let round = 0; round < 40; round++) {
    ada.advance(50);
    real.push(...ada.sent.splice(0).map(({ packet }) => packet));
  }
  expect(real.length).toBeGreaterThan(5);
  for (let round = 0; round < 5000; round++) {
    const base = round % 2 === 0
      ? real[Math.floor(random() * real.length)]!
      : new Uint8Array(Math.floor(random() * 300));
    const packet = base.slice();
    for (let change = 0; change < 3; change++) packet[Math.floor(random() * packet.length)] = random() * 256;
    bob.state.receive(eve.nodeId, "127.0.0.1:7003", packet);
  }
  expect(bob.state.members().map(({ record }) => record.name).sort()).toEqual(["ada", "bob"]);
  expect(bob.state.catalog.all().length).toBeLessThanOrEqual(1);
});

test("exchanges of a hostile member, real ones with wrong bytes, throw INVALID_ARGUMENT at most", () => {
  const [ada, bob] = stages();
  for (let number = 1; number <= 20; number++) ada.state.publish({ ...HELLO_ENTRY, instance: `hello@${number}` });
  const request = new Exchanger(ada.state, 0).begin();
  const answer = new Exchanger(ada.state, 0).answer(new Exchanger(bob.state, 0).begin(), bob.state.self, 0);
  const random = seededRandom(22);
  for (let round = 0; round < 3000; round++) {
    const exchanger = new Exchanger(bob.state, 0);
    const mutated = (round % 2 === 0 ? request : answer).slice();
    for (let change = 0; change < 3; change++) mutated[Math.floor(random() * mutated.length)] = random() * 256;
    try {
      if (round % 2 === 0) exchanger.answer(mutated, ada.state.self, 0);
      else exchanger.finish(mutated);
    } catch (error) {
      expect((error as { code?: string }).code).toBe("INVALID_ARGUMENT");
    }
  }
  expect(bob.state.members().map(({ record }) => record.name).sort()).toEqual(["ada", "bob"]);
});

test("after a revocation the key of before opens for a minute, on every node", () => {
  const [ada, bob] = stages();
  const [before] = ada.state.keys();
  ada.state.revoke(cluster.authority.revoke(identities[2]!.nodeId, ada.state.self, ada.nowMs));
  meet(bob, ada);
  for (const { state, nowMs } of [ada, bob]) {
    expect(state.keyring.ring.opening(before!.id, nowMs + 59_000)).toBeDefined();
    expect(state.keyring.ring.opening(before!.id, nowMs + 61_000)).toBeUndefined();
  }
});

test("a node that starts again after a removal opens the key of before for no longer than the others", () => {
  const [ada] = stages();
  const [before] = ada.state.keys();
  ada.advance(1000);
  ada.state.revoke(cluster.authority.revoke(identities[2]!.nodeId, ada.state.self, ada.nowMs));
  const revocations = new RevocationSet(cluster.authority.key.publicKey);
  revocations.merge(ada.state.revocations(), ada.nowMs);
  const again = new Stage(identities[0]!, cluster.authority.key.publicKey, 7001, {
    clocks: { wallMs: () => ada.nowMs, steadyMs: () => ada.nowMs },
    keys: encodeKeys(ada.state.keys()),
    revocations,
  });
  const { ring } = again.state.keyring;
  const [after] = ada.state.keys();
  expect(ring.opening(before!.id, ada.nowMs)).toBeDefined();
  expect(ring.opening(before!.id, ada.nowMs + 61_000)).toBeUndefined();
  expect(ring.opening(after!.id, ada.nowMs + 61_000)).toBeDefined();
});

test("where who has removed a node is gone before its key has got around, another makes one", () => {
  const [ada, bob] = stages();
  const [before] = ada.state.keys();
  bob.state.takeRevocations(cluster.authority.revoke(identities[2]!.nodeId, ada.state.self, ada.nowMs));
  for (let minute = 0; minute < 10; minute++) bob.advance(60_000);
  const [after] = bob.state.keys();
  expect(after!.id).not.toBe(before!.id);
  expect(bob.state.keyring.ring.opening(before!.id, bob.nowMs)).toBeUndefined();
});

test("a revocation is given to the owner to be kept, on every node", () => {
  const kept: Uint8Array[] = [];
  const [ada, bob] = stages({ events: { log: () => {}, onRevocations: (bytes) => kept.push(bytes) } });
  ada.state.revoke(cluster.authority.revoke(identities[2]!.nodeId, ada.state.self, ada.nowMs));
  expect(kept).toEqual([ada.state.revocations()]);
  meet(bob, ada);
  expect(kept).toEqual([ada.state.revocations(), ada.state.revocations()]);
});

test("a node that publishes too much is told of in the log", () => {
  const lines: string[] = [];
  const [ada, bob] = stages();
  const strict = new Stage(identities[2]!, cluster.authority.key.publicKey, 7003, {
    catalog: { entriesPerOwnerMax: 2 },
    events: { log: (line) => lines.push(line) },
  });
  for (let number = 1; number <= 4; number++) ada.state.publish({ ...HELLO_ENTRY, instance: `hello@${number}` });
  meet(strict, ada);
  strict.advance(1);
  expect(strict.state.catalog.entries("hello")).toHaveLength(2);
  expect(lines).toEqual([`node ${ada.state.self} publishes more than 2 instances: only its newest are kept`]);
  expect(bob.state.catalog.entries("hello")).toHaveLength(0);
});

test("a member that is silent at its best address is tried at the next", () => {
  const [ada, bob] = stages();
  bob.state.describe({ addresses: ["127.0.0.1", "127.0.0.2"] });
  meet(ada, bob);
  const addresses = () => new Set(ada.sent.splice(0).map(({ to }) => to));
  ada.advance(1000);
  expect(addresses()).toEqual(new Set(["127.0.0.1:7002"]));
  for (let passedMs = 0; ada.state.member(bob.state.self)?.state === "alive"; passedMs += 100) ada.advance(100);
  ada.sent.length = 0;
  ada.advance(1000);
  expect(addresses()).toEqual(new Set(["127.0.0.2:7002"]));
});

test("a member that is held for gone hears so when it speaks, once a second, and is a member again", () => {
  const [ada, bob] = stages();
  const { incarnation } = bob.state.membership;
  const left = encodeMessage({ kind: "left", id: bob.state.self, incarnation });
  ada.state.receive(ada.state.self, "127.0.0.1:7009", new Uint8Array([PACKET_VERSION, ...left]));
  ada.sent.length = 0;
  expect(ada.state.member(bob.state.self)?.state).toBe("left");
  const speak = () => ada.state.receive(bob.state.self, bob.address, new Uint8Array([PACKET_VERSION]));
  for (let count = 0; count < 3; count++) speak();
  expect(ada.sent.map(({ to }) => to)).toEqual([bob.address]);
  converse(ada, bob, 1000);
  expect(ada.state.member(bob.state.self)?.state).toBe("alive");
});
