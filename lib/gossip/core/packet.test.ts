import { expect, test } from "bun:test";
import {
  BROADCAST_BYTES_MAX,
  INCARNATION_MAX,
  PACKET_BYTES_MAX,
  PACKET_MESSAGES_MAX,
  RECORD_BYTES_MAX,
} from "./limits.ts";
import type { Message } from "./message.ts";
import { decodePacket, encodeMessage, PACKET_VERSION } from "./packet.ts";
import { idOf } from "./testing/fake_record.ts";
import { packetOf } from "./testing/lone_core.ts";

const id = "0123456789abcdef0123456789abcdef";
const ALL: readonly Message[] = [
  { kind: "ping", sequence: 2 ** 32 - 1, target: id },
  { kind: "ack", sequence: 0 },
  { kind: "nack", sequence: 1 },
  { kind: "probe_request", sequence: 7, target: id, wantsNack: true },
  { kind: "alive", id, incarnation: INCARNATION_MAX, record: new Uint8Array(RECORD_BYTES_MAX).fill(3) },
  { kind: "suspect", id, incarnation: 2 ** 32, from: idOf(5) },
  { kind: "failed", id, incarnation: 2 ** 32 - 1 },
  { kind: "left", id, incarnation: 0 },
  { kind: "broadcast", payload: new Uint8Array(BROADCAST_BYTES_MAX).fill(4) },
];

test("every message comes out of a packet as it went in", () => {
  for (const question of ["ping", "probe_request"]) {
    const messages = ALL.filter(({ kind }) => kind !== question);
    expect(decodePacket(packetOf(...messages))).toEqual(messages);
  }
});

test("a packet asks one question at most, so that nobody is made to send many for one", () => {
  expect(decodePacket(packetOf(ALL[0]!, ALL[3]!))).toBeUndefined();
  expect(decodePacket(packetOf(ALL[0]!, ALL[1]!, ALL[0]!))).toBeUndefined();
});

test("the layout is the one that the docstring tells", () => {
  const hex = (message: Message) => encodeMessage(message).toHex();
  expect(hex({ kind: "ping", sequence: 0x01020304, target: id })).toBe(`01140004030201${id}`);
  expect(hex({ kind: "suspect", id, incarnation: 2 ** 32 + 5, from: id })).toBe(`062800${id}0500000001000000${id}`);
  expect(hex({ kind: "broadcast", payload: new Uint8Array([9]) })).toBe("09010009");
  expect(packetOf()[0]).toBe(1);
});

test("a packet that is cut anywhere is refused whole, but for the ends of its messages", () => {
  for (const message of ALL) {
    const packet = packetOf({ kind: "ack", sequence: 5 }, message);
    const first = packetOf({ kind: "ack", sequence: 5 }).length;
    for (let length = 0; length < packet.length; length++) {
      const isWhole = length === 1 || length === first;
      expect(decodePacket(packet.subarray(0, length)) !== undefined, `${message.kind} cut to ${length}`).toBe(isWhole);
    }
  }
});

test("a body that is longer than its kind has is refused", () => {
  for (const message of ALL) {
    if (message.kind === "alive" || message.kind === "broadcast") continue;
    const bytes = encodeMessage(message);
    bytes[1]!++;
    expect(decodePacket(new Uint8Array([PACKET_VERSION, ...bytes, 0])), message.kind).toBeUndefined();
  }
});

test("kinds of a later version are skipped", () => {
  expect(decodePacket(new Uint8Array([PACKET_VERSION, 200, 2, 0, 1, 1, ...encodeMessage(ALL[1]!), 0, 0, 0]))).toEqual([
    ALL[1]!,
  ]);
});

test("records, payloads and incarnations have their bounds", () => {
  const record = new Uint8Array(RECORD_BYTES_MAX + 1);
  expect(decodePacket(packetOf({ kind: "alive", id, incarnation: 1, record }))).toBeUndefined();
  expect(decodePacket(packetOf({ kind: "alive", id, incarnation: 1, record: new Uint8Array() }))).toBeUndefined();
  expect(decodePacket(packetOf({ kind: "broadcast", payload: new Uint8Array(BROADCAST_BYTES_MAX + 1) })))
    .toBeUndefined();
  expect(decodePacket(packetOf({ kind: "left", id, incarnation: INCARNATION_MAX + 1 }))).toBeUndefined();
});

test("a packet has so many messages and bytes and no more", () => {
  const acks = (count: number) => packetOf(...Array.from({ length: count }, () => ALL[1]!));
  expect(decodePacket(acks(PACKET_MESSAGES_MAX))?.length).toBe(PACKET_MESSAGES_MAX);
  expect(decodePacket(acks(PACKET_MESSAGES_MAX + 1))).toBeUndefined();
  const padded = (byteCount: number) => {
    const packet = new Uint8Array(byteCount);
    packet.set([PACKET_VERSION, 200, (byteCount - 4) & 0xff, (byteCount - 4) >> 8]);
    return packet;
  };
  expect(decodePacket(padded(PACKET_BYTES_MAX))).toEqual([]);
  expect(decodePacket(padded(PACKET_BYTES_MAX + 1))).toBeUndefined();
});
