import { beforeAll, beforeEach, expect, test } from "bun:test";
import { MINUTE } from "../base/mod.ts";
import type { NodeIdentity } from "../net/identity/mod.ts";
import type { Heard } from "./greeter.ts";
import { encodeHello } from "./hello_payload.ts";
import { Inbox } from "./inbox.ts";
import { createClusterKey, DatagramKind, DatagramSeal, KeyRing } from "./seal/mod.ts";
import type { SocketAddress } from "./socket_address.ts";
import { meet, Stage } from "./testing/stage.ts";
import { TestCluster } from "./testing/test_cluster.ts";

let cluster: TestCluster;
let identities: NodeIdentity[];
let ada: Stage;
let bob: Stage;
let inbox: Inbox;
const hellos: Heard[] = [];
const exchanges: string[] = [];
const greeted: SocketAddress[] = [];
const told: { revocation: Uint8Array; to: string }[] = [];

beforeAll(async () => {
  cluster = await TestCluster.create();
  identities = await Promise.all(["ada", "bob"].map((name) => cluster.identity(name)));
});

beforeEach(() => {
  const key = cluster.authority.key.publicKey;
  [ada, bob] = [new Stage(identities[0]!, key, 7001), new Stage(identities[1]!, key, 7002)];
  meet(ada, bob);
  const clock = () => ada.nowMs;
  inbox = new Inbox(ada.state, { wallMs: clock, steadyMs: clock }, {
    onHello: (heard) => hellos.push(heard),
    exchange: ({ node }) => exchanges.push(node ?? ""),
    tellRevoked: (revocation, to) => told.push({ revocation, to }),
    tellSkewed: (to) => greeted.push(to),
  });
  hellos.length = 0;
  exchanges.length = 0;
  told.length = 0;
  greeted.length = 0;
});

function sealed(kind: DatagramKind, payload: Uint8Array = new Uint8Array([0])): Uint8Array {
  return bob.state.seal.seal(kind, payload, bob.nowMs)!;
}

function hello(): Uint8Array {
  return sealed(DatagramKind.HELLO, encodeHello({ wantsAnswer: true, record: bob.state.description.record }));
}

test("packets go to membership, hellos to whoever greets", () => {
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  inbox.onDatagram(hello(), "127.0.0.1:7002");
  expect(ada.state.membership.stats.packetsIn).toBe(1);
  expect(hellos).toMatchObject([{ wantsAnswer: true, isMulticast: false, from: { host: "127.0.0.1", port: 7002 } }]);
  expect(hellos[0]!.record.nodeId).toBe(bob.state.self);
});

test("of a revoked node nothing is heard, although it knows the key", () => {
  ada.state.revoke(cluster.authority.revoke(bob.state.self, ada.state.self, ada.nowMs));
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  inbox.onDatagram(hello(), "127.0.0.1:7002");
  inbox.onMulticast(hello(), "127.0.0.1:5353");
  expect([ada.state.membership.stats.packetsIn, hellos.length]).toEqual([0, 0]);
});

test("a revoked node that goes on is told the authority's word, once in a second", () => {
  const revocation = cluster.authority.revoke(bob.state.self, ada.state.self, ada.nowMs);
  ada.state.revoke(revocation);
  for (let count = 0; count < 3; count++) inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  expect(told).toEqual([{ revocation: new Uint8Array(revocation), to: "127.0.0.1:7002" }]);
  ada.nowMs += 1000;
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  expect(told).toHaveLength(2);
});

test("a node believes that it was revoked if the authority has signed it, whoever tells", () => {
  const revocation = cluster.authority.revoke(ada.state.self, bob.state.self, ada.nowMs);
  const forged = Uint8Array.from(revocation);
  forged[50]! ^= 1;
  inbox.onDatagram(sealed(DatagramKind.REVOCATION, forged), "127.0.0.1:7002");
  expect(ada.state.isRevoked(ada.state.self)).toBe(false);
  inbox.onDatagram(sealed(DatagramKind.REVOCATION, revocation), "127.0.0.1:7002");
  expect(ada.state.isRevoked(ada.state.self)).toBe(true);
});

test("to everybody only hellos are said; what is sealed under another key is left to who may know it", () => {
  expect(inbox.onMulticast(hello(), "127.0.0.1:5353")).toBe(true);
  expect(inbox.onMulticast(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:5353")).toBe(true);
  expect(inbox.onMulticast(new Uint8Array(100), "127.0.0.1:5353")).toBe(false);
  expect(hellos).toMatchObject([{ isMulticast: true }]);
  expect(ada.state.membership.stats.packetsIn).toBe(0);
});

test("a hello whose record is another node's is passed over", () => {
  const record = ada.state.description.record;
  inbox.onDatagram(sealed(DatagramKind.HELLO, encodeHello({ wantsAnswer: true, record })), "127.0.0.1:7002");
  expect(hellos).toEqual([]);
});

test("an unknown key at a member's address is fetched from there, once in ten seconds; at other addresses it is not", () => {
  const ring = new KeyRing();
  ring.restore([createClusterKey(ada.nowMs)], ada.nowMs);
  const foreign = new DatagramSeal(bob.state.self, ring, ada.nowMs);
  const datagram = () => foreign.seal(DatagramKind.MEMBERSHIP, new Uint8Array(1), ada.nowMs)!;
  inbox.onDatagram(datagram(), "127.0.0.1:9999");
  expect(exchanges).toEqual([]);
  for (let index = 0; index < 100; index++) inbox.onDatagram(datagram(), "127.0.0.1:7002");
  expect(exchanges).toEqual([bob.state.self]);
  ada.nowMs += 10_000;
  inbox.onDatagram(datagram(), "127.0.0.1:7002");
  expect(exchanges).toHaveLength(2);
});

test("a member is answered where it was heard, if it has signed that address", () => {
  bob.state.describe({ addresses: ["127.0.0.1", "127.0.0.2"] });
  meet(ada, bob);
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.2:7002");
  expect(ada.state.routes.resolve("127.0.0.1:7002")).toBe("127.0.0.2:7002");
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "203.0.113.66:7002");
  expect(ada.state.routes.resolve("127.0.0.1:7002")).toBe("127.0.0.2:7002");
});

test("who is ignored for its clock is told by a hello, seldom, and is noted until it is heard", () => {
  const skew = () => ada.state.skews.current(ada.nowMs, ada.nowMs, true);
  bob.nowMs = ada.nowMs - 40 * MINUTE;
  for (let count = 0; count < 3; count++) inbox.onDatagram(hello(), "127.0.0.1:7002");
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  expect(greeted).toEqual([{ host: "127.0.0.1", port: 7002 }]);
  expect(skew()).toEqual({ node: bob.state.self, from: "127.0.0.1:7002", aheadMs: -40 * MINUTE });
  ada.nowMs += 30_000;
  inbox.onDatagram(hello(), "127.0.0.1:7002");
  expect(greeted).toHaveLength(2);
  bob.nowMs = ada.nowMs;
  inbox.onDatagram(sealed(DatagramKind.MEMBERSHIP), "127.0.0.1:7002");
  expect(skew()).toBeUndefined();
  bob.nowMs += 40 * MINUTE;
  expect(inbox.onMulticast(hello(), "127.0.0.1:5353")).toBe(true);
  expect(skew()?.aheadMs).toBe(40 * MINUTE);
  expect(greeted).toHaveLength(2);
});

test("nobody is told of the clock of a node that was removed", () => {
  ada.state.revoke(cluster.authority.revoke(bob.state.self, ada.state.self, ada.nowMs));
  bob.nowMs -= 40 * MINUTE;
  inbox.onDatagram(hello(), "127.0.0.1:7002");
  expect([ada.state.skews.current(ada.nowMs, ada.nowMs, true), greeted]).toEqual([undefined, []]);
});
