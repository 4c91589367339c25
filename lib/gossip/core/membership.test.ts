import { expect, test } from "bun:test";
import { MINUTE, SECOND } from "../../base/mod.ts";
import { BROADCAST_BYTES_MAX, BROADCASTS_MAX, CONTACTS_MAX, Membership, RECORD_BYTES_MAX } from "./mod.ts";
import { GONE_ASKERS } from "./limits.ts";
import { idOf, readFakeRecord } from "./testing/fake_record.ts";
import { addressOf, aliveOf, changesIn, LoneCore, messagesIn, packetOf, sentIn } from "./testing/lone_core.ts";

test("a node that knows nobody asks for no tick and sends nothing", () => {
  const lone = new LoneCore();
  lone.core.broadcast("key", new Uint8Array(3), lone.nowMs);
  expect(lone.core.nextAtMs).toBe(Infinity);
  expect(lone.core.tick(lone.nowMs + MINUTE)).toEqual([]);
  expect(lone.core.members()).toMatchObject([{ id: idOf(0), state: "alive", address: addressOf(0) }]);
});

test("at rest nothing but probes is sent and nothing wakes it for gossip", () => {
  const lone = new LoneCore().know(5);
  let ticks = 0;
  for (const endMs = lone.nowMs + 20 * SECOND; lone.core.nextAtMs < endMs; ticks++) {
    lone.nowMs = Math.max(lone.nowMs, lone.core.nextAtMs);
    for (const { sequence } of messagesIn(lone.core.tick(lone.nowMs), "ping")) lone.hear({ kind: "ack", sequence });
  }
  expect(lone.core.stats.packetsOut).toBe(20);
  expect(ticks).toBeLessThan(25);
});

test("a broadcast reaches others as often as rumours are told; a later one with its key replaces it", () => {
  const lone = new LoneCore().know(5);
  lone.core.broadcast("a", new Uint8Array([1]), lone.nowMs);
  lone.core.broadcast("a", new Uint8Array([2]), lone.nowMs);
  lone.core.broadcast("b", new Uint8Array([3]), lone.nowMs);
  const told = messagesIn(lone.pass(10 * SECOND), "broadcast").map(({ payload }) => payload[0]);
  expect(told.toSorted()).toEqual([2, 2, 2, 2, 3, 3, 3, 3]);
  expect(lone.hear({ kind: "broadcast", payload: new Uint8Array([9]) })).toEqual([
    { kind: "broadcast", payload: new Uint8Array([9]), from: addressOf(99) },
  ]);
});

test("a broadcast may be so long and no longer, and so many wait and no more", () => {
  const lone = new LoneCore().know(5);
  const longest = new Uint8Array(BROADCAST_BYTES_MAX);
  lone.core.broadcast("longest", longest, lone.nowMs);
  expect(messagesIn(lone.pass(2 * SECOND), "broadcast").length).toBe(4);
  expect(() => lone.core.broadcast("longer", new Uint8Array(BROADCAST_BYTES_MAX + 1), 0)).toThrow(
    "broadcasting longer: the payload has 901 bytes; expected at most 900",
  );
  for (let index = 0; index < BROADCASTS_MAX + 3; index++) {
    lone.core.broadcast(`${index}`, new Uint8Array(1), lone.nowMs);
  }
  expect(lone.core.stats.broadcastsDropped).toBe(3);
});

test("a node that leaves says so, stops probing, and has left when all was told", () => {
  const lone = new LoneCore().know(9);
  const goodbye = messagesIn(lone.core.leave(lone.nowMs), "left");
  const expected = { kind: "left", id: idOf(0), incarnation: 0 } as const;
  expect(goodbye).toEqual([expected, expected, expected]);
  expect(lone.core.hasLeft).toBe(false);
  const effects = lone.pass(60 * SECOND);
  expect(messagesIn(effects, "ping")).toEqual([]);
  expect(lone.core.hasLeft).toBe(true);
  expect(lone.core.nextAtMs).toBe(Infinity);
  lone.hear({ kind: "failed", id: idOf(0), incarnation: 0 }, aliveOf(0, 5));
  expect(lone.core.incarnation).toBe(0);
  expect(lone.core.member(idOf(0))?.state).toBe("left");
});

test("a node that leaves tells its newest record as well, if others may not have it: of an unknown one they believe nothing", () => {
  const lone = new LoneCore().know(3);
  lone.pass(60 * SECOND);
  lone.hear({ kind: "suspect", id: idOf(0), incarnation: lone.core.incarnation, from: idOf(1) });
  const { incarnation } = lone.core;
  const effects = [...lone.core.leave(lone.nowMs), ...lone.pass(10 * SECOND)];
  expect(messagesIn(effects, "left")).toContainEqual({ kind: "left", id: idOf(0), incarnation });
  expect(messagesIn(effects, "alive")).toContainEqual(aliveOf(0, incarnation));
});

test("a node alone has left at once", () => {
  const lone = new LoneCore();
  lone.core.leave(lone.nowMs);
  expect(lone.core.hasLeft).toBe(true);
});

test("what a node says anew of itself is told at a new incarnation", () => {
  const lone = new LoneCore({}, 3).know(2);
  lone.moveTo("10.1.1.1:7");
  lone.core.updateSelf(lone.nowMs);
  expect(messagesIn(lone.pass(1 * SECOND), "alive")).toContainEqual(aliveOf(0, 4, "10.1.1.1:7"));
  expect(lone.core.member(idOf(0))?.address).toBe("10.1.1.1:7");
});

test("contacts are asked for everything, a bounded number, and never itself", () => {
  const lone = new LoneCore();
  expect(lone.core.contact([addressOf(0), addressOf(1), "bad address", ""], lone.nowMs)).toEqual([
    { kind: "push_pull", with: undefined, address: addressOf(1) },
  ]);
  const many = Array.from({ length: CONTACTS_MAX + 5 }, (_, index) => addressOf(index + 1));
  expect(lone.core.contact(many, lone.nowMs).length).toBe(CONTACTS_MAX);
});

test("everything is compared with a live member now and then, and a failed one is tried again", () => {
  const lone = new LoneCore().know(2);
  lone.hear({ kind: "failed", id: idOf(2), incarnation: 0 });
  const pairs = lone.pass(5 * MINUTE).filter((effect) => effect.kind === "push_pull");
  expect(pairs).toContainEqual({ kind: "push_pull", with: idOf(2), address: addressOf(2) });
  expect(pairs.length).toBeWithin(8, 25);
});

test("a failed member is told rumours for a while, so that it can refute; one that left is not", () => {
  const lone = new LoneCore({ gossipToTheDeadMs: 10 * SECOND }).know(2);
  const hearsRumour = (number: number) => {
    lone.core.broadcast("news", new Uint8Array(1), lone.nowMs);
    return sentIn(lone.pass(3 * SECOND)).some(({ to, messages }) =>
      to === addressOf(number) && messages.some(({ kind }) => kind === "broadcast")
    );
  };
  lone.hear({ kind: "failed", id: idOf(2), incarnation: 0 });
  expect([hearsRumour(2), hearsRumour(1)]).toEqual([true, true]);
  lone.pass(5 * SECOND);
  expect(hearsRumour(2)).toBe(false);
  lone.hear({ kind: "left", id: idOf(2), incarnation: 0 });
  expect(hearsRumour(2)).toBe(false);
});

test("a node that was alone for long begins its rounds when it meets somebody, and has not lost that time", () => {
  const lone = new LoneCore();
  lone.nowMs += 60 * MINUTE;
  lone.know(5);
  const startMs = lone.nowMs;
  lone.passUntil("ping");
  expect(lone.nowMs).toBeGreaterThan(startMs);
  expect(lone.core.stats.lapses).toBe(0);
});

test("who failed or left is forgotten after its time", () => {
  const lone = new LoneCore({ goneKeptMs: 1 * MINUTE }).know(3);
  lone.hear({ kind: "failed", id: idOf(2), incarnation: 0 });
  lone.pass(50 * SECOND);
  expect(lone.state(2)).toBe("failed");
  expect(changesIn(lone.pass(60 * SECOND))).toContainEqual(["removed", 2]);
  expect(lone.state(2)).toBeUndefined();
});

test("digests are equal where the same members live, whatever else is remembered", () => {
  const [one, other] = [new LoneCore().know(5), new LoneCore().know(5)];
  expect(one.core.digest()).toEqual(other.core.digest());
  one.hear({ kind: "suspect", id: idOf(2), incarnation: 0, from: idOf(1) });
  expect(one.core.digest()).toEqual(other.core.digest());
  one.hear(aliveOf(2, 1));
  expect(one.core.digest()).not.toEqual(other.core.digest());
  other.hear(aliveOf(2, 1));
  expect(one.core.digest()).toEqual(other.core.digest());
  one.hear({ kind: "failed", id: idOf(2), incarnation: 1 });
  expect(one.core.digest()).not.toEqual(other.core.digest());
});

test("a state carries all that is believed to who knows nothing", () => {
  const one = new LoneCore().know(3);
  one.hear({ kind: "suspect", id: idOf(3), incarnation: 0, from: idOf(1) });
  const other = new LoneCore();
  const effects = other.core.merge(one.core.state(), other.nowMs);
  expect(changesIn(effects)).toEqual([["joined", 1], ["joined", 2], ["joined", 3], ["suspected", 3]]);
  expect(changesIn(other.core.merge(one.core.state(), other.nowMs))).toEqual([]);
});

test("records and payloads are kept apart from the packets they came in", () => {
  const lone = new LoneCore().know(1);
  const packet = packetOf(aliveOf(2), { kind: "broadcast", payload: new Uint8Array([7]) });
  const effects = lone.core.receive(addressOf(2), packet, lone.nowMs);
  packet.fill(0xff);
  expect(lone.core.member(idOf(2))?.record).toEqual(aliveOf(2).record);
  expect(effects).toContainEqual({ kind: "broadcast", payload: new Uint8Array([7]), from: addressOf(2) });
});

test("packets from what is no address, or of another version, are counted and ignored", () => {
  const lone = new LoneCore().know(1);
  const packet = packetOf({ kind: "ping", sequence: 1, target: idOf(0) });
  for (const from of ["", "a b", "\n", "x".repeat(65)]) expect(lone.core.receive(from, packet, lone.nowMs)).toEqual([]);
  packet[0] = 9;
  expect(lone.core.receive(addressOf(1), packet, lone.nowMs)).toEqual([]);
  expect(lone.core.stats.refused.malformed).toBe(5);
});

test("the longest record fits into a packet beside a ping", () => {
  const text = (incarnation: number) => `${idOf(2).slice(0, 8)} ${incarnation} ${addressOf(2)} `;
  const record = new TextEncoder().encode(text(1).padEnd(RECORD_BYTES_MAX, "s"));
  const lone = new LoneCore({ packetBytesMax: 1_150 }).know(3);
  expect(changesIn(lone.hear({ kind: "alive", id: idOf(2), incarnation: 1, record }))).toEqual([["updated", 2]]);
  expect(messagesIn(lone.pass(1 * SECOND), "alive").map((alive) => alive.record.length)).toContain(RECORD_BYTES_MAX);
});

test("a record of this node that nobody would take is a mistake of who makes it", () => {
  const make = (record: Uint8Array) => () =>
    new Membership({ id: idOf(0), record: () => record }, {}, Math.random, readFakeRecord, 0);
  expect(make(new Uint8Array(RECORD_BYTES_MAX + 1))).toThrow("this node's record has 1025 bytes; expected 1 to 1024");
  expect(make(new Uint8Array(0))).toThrow("has 0 bytes");
  expect(make(new Uint8Array(5))).toThrow("is refused by its own reader");
});

test("a member that others say has failed or left is asked, and is a member again when it says so", () => {
  for (const kind of ["failed", "left"] as const) {
    const lone = new LoneCore().know(3);
    const gone = { kind, id: idOf(2), incarnation: 0 };
    const asked = sentIn(lone.hear(gone)).filter(({ to }) => to === addressOf(2));
    expect(asked.flatMap(({ messages }) => messages)).toContainEqual(gone);
    expect(lone.core.member(idOf(2))?.state).toBe(kind);
    lone.hear(aliveOf(2, 1));
    expect(lone.core.member(idOf(2))?.state).toBe("alive");
  }
});

test("a member that is held for gone and speaks is told so, and one that lives is not", () => {
  const lone = new LoneCore().know(3);
  const gone = { kind: "left", id: idOf(2), incarnation: 0 } as const;
  lone.hear(gone);
  const told = (number: number) => messagesIn(lone.core.hasSpoken(idOf(number), addressOf(9), lone.nowMs), "left");
  expect(told(2)).toContainEqual(gone);
  expect([told(1), told(50)]).toEqual([[], []]);
});

test("of many nodes that hear that a member has gone some ask it, not all", () => {
  let asking = 0;
  const nodes = 200;
  for (let number = 0; number < nodes; number++) {
    const lone = new LoneCore({}, 0, undefined, number).know(nodes);
    const sent = sentIn(lone.hear({ kind: "left", id: idOf(2), incarnation: 0 }));
    if (sent.some(({ to }) => to === addressOf(2))) asking++;
  }
  expect(asking).toBeGreaterThan(0);
  expect(asking).toBeLessThanOrEqual(4 * GONE_ASKERS);
});
