import { expect, test } from "bun:test";
import { MINUTE, seededRandom } from "../../base/mod.ts";
import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import { createClusterKey } from "./cluster_key.ts";
import {
  DATAGRAM_BYTES_MAX,
  DATAGRAM_OVERHEAD_BYTES,
  DatagramKind,
  encodeDatagram,
  PAYLOAD_BYTES_MAX,
} from "./datagram.ts";
import { DatagramSeal, type OpenedDatagram, type RefusedDatagram } from "./datagram_seal.ts";
import { KeyRing } from "./key_ring.ts";
import { REPLAY_WINDOW } from "./replay_window.ts";
import { SealingKey } from "./sealing_key.ts";
import { SENDER_BURST_MAX, SENDER_RATE_MAX, SenderTable } from "./sender_table.ts";

const START = 1_800_000_000_000;
const ADA = "aa".repeat(16);
const BOB = "bb".repeat(16);
const KEY = createClusterKey(START - MINUTE);
const PAYLOAD = new TextEncoder().encode("who is there?");

function sealOf(id: string, bootMs = START, key = KEY): DatagramSeal {
  const ring = new KeyRing();
  ring.merge([key], START);
  return new DatagramSeal(id, ring, bootMs);
}

function sent(from: DatagramSeal, payload = PAYLOAD, nowMs = START): Uint8Array {
  const datagram = from.seal(DatagramKind.MEMBERSHIP, payload, nowMs);
  if (datagram === undefined) throw new Error("there is no key");
  return datagram;
}

function refusalOf(result: OpenedDatagram | RefusedDatagram): string | undefined {
  return "refused" in result ? result.refused : undefined;
}

test("what one node seals another one opens, with sender, boot, number and clock", () => {
  const opened = sealOf(BOB).open(sent(sealOf(ADA)), START + 1);
  expect(opened).toEqual({
    header: { kind: DatagramKind.MEMBERSHIP, sender: ADA, bootMs: START, sequence: 1, clockMs: START },
    payload: PAYLOAD,
  });
});

test("the longest payload fills a datagram exactly, and an empty one is a datagram too", () => {
  const bob = sealOf(BOB);
  const ada = sealOf(ADA);
  const longest = sent(ada, new Uint8Array(PAYLOAD_BYTES_MAX).fill(7));
  expect(longest.length).toBe(DATAGRAM_BYTES_MAX);
  expect(refusalOf(bob.open(longest, START))).toBeUndefined();
  const empty = sent(ada, new Uint8Array(0));
  expect(empty.length).toBe(DATAGRAM_OVERHEAD_BYTES);
  expect(refusalOf(bob.open(empty, START))).toBeUndefined();
  expect(() => sent(ada, new Uint8Array(PAYLOAD_BYTES_MAX + 1))).toThrow("a payload has at most");
});

test("a node without a key says nothing and opens nothing", () => {
  const joining = new DatagramSeal(BOB, new KeyRing(), START);
  expect(joining.seal(DatagramKind.HELLO, PAYLOAD, START)).toBeUndefined();
  expect(refusalOf(joining.open(sent(sealOf(ADA)), START))).toBe("unknown_key");
});

test("what is too short or too long is refused by its length", () => {
  const bob = sealOf(BOB);
  expect(refusalOf(bob.open(new Uint8Array(0), START))).toBe("length");
  expect(refusalOf(bob.open(sent(sealOf(ADA)).subarray(0, DATAGRAM_OVERHEAD_BYTES - 1), START))).toBe("length");
  expect(refusalOf(bob.open(new Uint8Array(DATAGRAM_BYTES_MAX + 1), START))).toBe("length");
});

test("no bit of a datagram can be changed", () => {
  const bob = sealOf(BOB);
  const datagram = sent(sealOf(ADA));
  for (let bit = 0; bit < datagram.length * 8; bit++) {
    const forged = datagram.slice();
    forged[bit >> 3]! ^= 1 << (bit & 7);
    expect(refusalOf(bob.open(forged, START)), `bit ${bit}`).toBe(bit < 32 ? "unknown_key" : "forged");
  }
  expect(refusalOf(bob.open(datagram, START))).toBeUndefined();
});

test("a foreign key is refused, also when its owner copies the id of ours", () => {
  const bob = sealOf(BOB);
  expect(refusalOf(bob.open(sent(sealOf(ADA, START, createClusterKey(START - MINUTE))), START))).toBe("unknown_key");
  const copied = { ...createClusterKey(START - MINUTE), id: KEY.id };
  expect(refusalOf(bob.open(sent(sealOf(ADA, START, copied)), START))).toBe("forged");
});

test("a datagram is taken once", () => {
  const bob = sealOf(BOB);
  const datagram = sent(sealOf(ADA));
  expect(refusalOf(bob.open(datagram, START))).toBeUndefined();
  expect(refusalOf(bob.open(datagram, START + 1))).toBe("replayed");
});

test("datagrams that overtook each other are taken, those that are behind by more than the window are not", () => {
  const bob = sealOf(BOB);
  const ada = sealOf(ADA);
  const all = Array.from({ length: REPLAY_WINDOW + 1 }, () => sent(ada));
  expect(refusalOf(bob.open(all.at(-1)!, START))).toBeUndefined();
  expect(refusalOf(bob.open(all[1]!, START))).toBeUndefined();
  expect(refusalOf(bob.open(all[0]!, START))).toBe("replayed");
});

test("datagrams of before a node's restart are refused once it was heard again", () => {
  const bob = sealOf(BOB);
  const before = sealOf(ADA);
  const [early, late] = [sent(before), sent(before)];
  const after = sealOf(ADA, START + 1000);
  expect(refusalOf(bob.open(early, START))).toBeUndefined();
  expect(refusalOf(bob.open(sent(after, PAYLOAD, START + 1000), START + 1000))).toBeUndefined();
  expect(refusalOf(bob.open(late, START + 1000))).toBe("old_boot");
});

test("a clock that is off by more than ten minutes is refused, in either direction, and one within is not", () => {
  const bob = sealOf(BOB);
  for (const offMs of [CLOCK_TOLERANCE_MS + 1, -CLOCK_TOLERANCE_MS - 1]) {
    const result = bob.open(sent(sealOf(ADA, START + offMs), PAYLOAD, START + offMs), START);
    expect(refusalOf(result)).toBe("clock_skew");
    expect((result as RefusedDatagram).header?.sender).toBe(ADA);
  }
  for (const offMs of [-CLOCK_TOLERANCE_MS, CLOCK_TOLERANCE_MS]) {
    expect(refusalOf(bob.open(sent(sealOf(ADA, START + offMs), PAYLOAD, START + offMs), START))).toBeUndefined();
  }
});

test("a boot from the future is refused: it would shut the real node out", () => {
  const header = { kind: DatagramKind.MEMBERSHIP, sender: ADA, sequence: 1, clockMs: START };
  const lie = encodeDatagram({ ...header, bootMs: START + CLOCK_TOLERANCE_MS + 1 }, PAYLOAD);
  const datagram = new SealingKey(KEY.id, KEY.secret).seal(lie);
  expect(refusalOf(sealOf(BOB).open(datagram, START))).toBe("clock_skew");
});

test("a node whose clock is set right after its start begins a new boot", () => {
  const bob = sealOf(BOB, START);
  const previous = sealOf(ADA, START);
  expect(refusalOf(bob.open(sent(previous), START))).toBeUndefined();
  // Restarted with a clock that is 5 minutes behind, which is set while it runs.
  const restarted = sealOf(ADA, START - 5 * MINUTE);
  expect(refusalOf(bob.open(sent(restarted, PAYLOAD, START - 5 * MINUTE), START + 1))).toBe("old_boot");
  expect(refusalOf(bob.open(sent(restarted, PAYLOAD, START + 2), START + 2))).toBeUndefined();
});

test("a node's own datagrams, sent back to it, are refused", () => {
  const ada = sealOf(ADA);
  expect(refusalOf(ada.open(sent(ada), START))).toBe("own");
});

test("a member that floods is cut to its rate; others are heard as before", () => {
  const bob = sealOf(BOB);
  const [ada, eve] = [sealOf(ADA), sealOf("ee".repeat(16))];
  let taken = 0;
  for (let index = 0; index < 5000; index++) if (refusalOf(bob.open(sent(eve), START)) === undefined) taken++;
  expect(taken).toBe(SENDER_BURST_MAX);
  expect(bob.refusals.flood).toBe(5000 - SENDER_BURST_MAX);
  expect(refusalOf(bob.open(sent(ada), START))).toBeUndefined();
  let takenLater = 0;
  for (let index = 0; index < 5000; index++) {
    if (refusalOf(bob.open(sent(eve), START + 1000)) === undefined) takenLater++;
  }
  expect(takenLater).toBe(SENDER_RATE_MAX);
});

test("the table of senders is bounded; who was heard least recently makes room", () => {
  const table = new SenderTable(3);
  const accept = (sender: string, sequence: number) =>
    table.accept({ sender, bootMs: START, sequence, clockMs: START }, START);
  for (const [index, id] of ["a", "b", "c", "a", "d"].entries()) accept(id, index + 1);
  expect(table.size).toBe(3);
  expect(accept("c", 3), "c was not forgotten").toBe("replayed");
  expect(accept("b", 2), "b was").toBeUndefined();
});

test("what is sealed under a key is counted from its first datagram", () => {
  const ring = new KeyRing({ adoptMs: 0 });
  const first = ring.rotate(START);
  const ada = new DatagramSeal(ADA, ring, START);
  for (let index = 0; index < 3; index++) sent(ada);
  expect([ada.sealedUnder, ada.sealed]).toEqual([first.id, 3]);
  const second = ring.rotate(START + 1);
  sent(ada, PAYLOAD, START + 1);
  expect([ada.sealedUnder, ada.sealed]).toEqual([second.id, 1]);
});

test("random bytes are refused, of any length", () => {
  const bob = sealOf(BOB);
  const random = seededRandom(7);
  for (let round = 0; round < 20_000; round++) {
    const garbage = Uint8Array.from({ length: Math.floor(random() * 90) }, () => random() * 256);
    expect(refusalOf(bob.open(garbage, START))).toBeDefined();
  }
});

test("a node that opens what is sealed under a new key seals under it, too", () => {
  const [adaRing, bobRing] = [new KeyRing(), new KeyRing()];
  for (const ring of [adaRing, bobRing]) ring.merge([KEY], START);
  const next = createClusterKey(START);
  for (const ring of [adaRing, bobRing]) ring.merge([next], START);
  const [ada, bob] = [new DatagramSeal(ADA, adaRing, START), new DatagramSeal(BOB, bobRing, START)];
  adaRing.noteUse(next.id);
  sent(bob);
  expect(bob.sealedUnder).toBe(KEY.id);
  bob.open(sent(ada), START);
  sent(bob);
  expect(bob.sealedUnder).toBe(next.id);
});

test("a node whose clock was ahead at its start is heard as soon as it was set right", () => {
  const ada = sealOf(ADA, START + 60 * MINUTE);
  const bob = sealOf(BOB);
  expect(refusalOf(bob.open(sent(ada, PAYLOAD, START + 60 * MINUTE), START))).toBe("clock_skew");
  expect(refusalOf(bob.open(sent(ada, PAYLOAD, START + 1), START + 1))).toBeUndefined();
  expect(refusalOf(bob.open(sent(ada, PAYLOAD, START + 2), START + 2))).toBeUndefined();
});

test("two nodes whose clocks were ahead together hear each other when both were set right", () => {
  const wrongMs = START + 60 * MINUTE;
  const [ada, bob] = [sealOf(ADA, wrongMs), sealOf(BOB, wrongMs)];
  expect(refusalOf(bob.open(sent(ada, PAYLOAD, wrongMs), wrongMs))).toBeUndefined();
  const datagram = sent(ada, PAYLOAD, START + 1);
  expect(refusalOf(bob.open(datagram, START + 1))).toBeUndefined();
  expect(refusalOf(bob.open(datagram, START + 1))).toBe("replayed");
});

test("a node that restarts after its clock was set back is heard when that has passed what was heard, and no record is", () => {
  const bob = sealOf(BOB);
  const before = sealOf(ADA, START + 5 * MINUTE);
  const recorded = sent(before, PAYLOAD, START + 5 * MINUTE);
  const lost = sent(before, PAYLOAD, START + 5 * MINUTE);
  expect(refusalOf(bob.open(recorded, START))).toBeUndefined();
  const after = sealOf(ADA, START + MINUTE);
  expect(refusalOf(bob.open(sent(after, PAYLOAD, START + MINUTE), START + MINUTE))).toBe("old_boot");
  const laterMs = START + 5 * MINUTE + 1;
  expect(refusalOf(bob.open(sent(after, PAYLOAD, laterMs), laterMs))).toBeUndefined();
  for (const datagram of [recorded, lost]) expect(refusalOf(bob.open(datagram, laterMs))).toBe("old_boot");
  expect(refusalOf(bob.open(sent(after, PAYLOAD, laterMs + 1), laterMs + 1))).toBeUndefined();
});
