import { beforeAll, expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import { type NodeIdentity, RevocationSet } from "../net/identity/mod.ts";
import type { OwnEntry } from "./catalog/mod.ts";
import { Exchanger } from "./exchanger.ts";
import { type GossipOptions, validateGossip } from "./gossip_options.ts";
import { GossipState } from "./gossip_state.ts";
import { TestCluster } from "./testing/test_cluster.ts";

const ENTRY: OwnEntry = {
  service: "hello",
  instance: "hello@1",
  species: "0123456789abcdef",
  release: undefined,
  quicPort: 1,
  tlsPort: 1,
  load: 0,
  health: "up",
  access: false,
};

/** A state with a clock that the test turns, whose packets the test carries. */
class Stage {
  nowMs = Date.now();
  readonly sent: { to: string; packet: Uint8Array }[] = [];
  readonly exchanges: string[] = [];
  readonly state: GossipState;
  readonly address: string;

  constructor(identity: NodeIdentity, authorityKey: Uint8Array, port: number, options: Partial<GossipOptions> = {}) {
    this.address = `127.0.0.1:${port}`;
    const clock = () => this.nowMs;
    const valid = validateGossip({
      identity,
      facts: {
        addresses: ["127.0.0.1"],
        nodePort: port,
        tlsPort: port,
        region: "",
        zone: "",
        version: "",
        startedAtMs: 1,
        isAuthority: false,
      },
      streams: { exchange: () => Promise.reject(new Error("none")), probe: () => Promise.reject(new Error("none")) },
      events: { log: () => {} },
      revocations: new RevocationSet(authorityKey),
      clocks: { wallMs: clock, steadyMs: clock },
      random: seededRandom(port),
      ...options,
    });
    this.state = new GossipState(valid, port, {
      send: (to, packet) => this.sent.push({ to, packet }),
      exchange: ({ node }) => this.exchanges.push(node ?? ""),
      probe: () => {},
      onChanged: () => {},
    });
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
    this.state.tick();
  }
}

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

function meet(one: Stage, other: Stage): void {
  const [asking, answering] = [new Exchanger(one.state, 0), new Exchanger(other.state, 0)];
  for (let request: Uint8Array | undefined = asking.begin(); request !== undefined;) {
    request = asking.finish(answering.answer(request, 0));
  }
}

/** Carries what one sends to the other, for so long. */
function converse(one: Stage, other: Stage, forMs: number): void {
  for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
    for (const stage of [one, other]) stage.advance(50);
    for (const [from, to] of [[one, other], [other, one]] as const) {
      for (const { packet } of from.sent.splice(0)) to.state.receive(from.state.self, from.address, packet);
    }
  }
}

test("one exchange makes two nodes members of each other, with the same key", () => {
  const [ada, bob] = stages();
  expect(ada.state.member(bob.state.self)?.state).toBe("alive");
  expect(bob.state.member(ada.state.self)?.state).toBe("alive");
  expect(ada.state.keys()).toEqual(bob.state.keys());
});

test("an entry is heard over packets alone", () => {
  const [ada, bob] = stages();
  ada.state.publish(ENTRY);
  converse(ada, bob, 2000);
  expect(bob.state.catalog.entries("hello")).toHaveLength(1);
});

test("a thousand entries, more than fit into one message, come with one exchange", () => {
  const [ada, bob] = stages();
  for (let number = 1; number <= 1000; number++) ada.state.publish({ ...ENTRY, instance: `hello@${number}` });
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
  ada.state.publish(ENTRY);
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
  for (let number = 1; number <= 20; number++) ada.state.publish({ ...ENTRY, instance: `hello@${number}` });
  const request = new Exchanger(ada.state, 0).begin();
  const answer = new Exchanger(ada.state, 0).answer(new Exchanger(bob.state, 0).begin(), 0);
  const random = seededRandom(22);
  for (let round = 0; round < 3000; round++) {
    const exchanger = new Exchanger(bob.state, 0);
    const mutated = (round % 2 === 0 ? request : answer).slice();
    for (let change = 0; change < 3; change++) mutated[Math.floor(random() * mutated.length)] = random() * 256;
    try {
      if (round % 2 === 0) exchanger.answer(mutated, 0);
      else exchanger.finish(mutated);
    } catch (error) {
      expect((error as { code?: string }).code).toBe("INVALID_ARGUMENT");
    }
  }
  expect(bob.state.members().map(({ record }) => record.name).sort()).toEqual(["ada", "bob"]);
});
