import { expect, setDefaultTimeout, test } from "bun:test";
import { KIB, MIB, seededRandom } from "../base/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX, Word } from "./layout.ts";
import { PIECE_BYTES_MAX } from "./ring_producer.ts";
import { RingPair } from "./testing/ring_pair.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

test("records of every size from 1 byte to beyond the ring arrive whole and in order", () => {
  const pair = new RingPair({ bytesMax: RING_BYTES_INITIAL });
  for (let size = 1; size <= 600; size++) {
    pair.send(size);
    expect(pair.receive()).toBeGreaterThanOrEqual(1);
    expect(pair.receivedBytes).toBe(pair.sentBytes);
  }
  for (let size = RING_BYTES_INITIAL / 8 - 20; size < 2 * RING_BYTES_INITIAL; size += 509) {
    pair.send(size);
    pair.drain();
  }
});

test("a small frame is one record, encoded and handed over in the ring itself", () => {
  const pair = new RingPair();
  const ring = pair.data();
  for (let sent = 0; sent < 10_000; sent++) {
    const { bytes } = pair.producer.writer;
    expect(bytes.buffer).toBe(ring.buffer);
    expect(bytes.byteOffset).toBe(ring.byteOffset);
    pair.send(64);
    pair.receive();
    expect(pair.records).toBe(sent + 1);
  }
  expect(pair.grown).toEqual([]);
  pair.drain();
});

test("frames that are committed together are one record", () => {
  const pair = new RingPair();
  pair.send(300, 20);
  expect(pair.receive()).toBe(1);
  pair.producer.commit();
  expect(pair.receive()).toBe(0);
});

for (const position of [0, -8, -RING_BYTES_INITIAL, 0x7fffff00, -RING_BYTES_MAX + 8]) {
  test(`megabytes of random sizes, polls and backlogs arrive in order from position ${position}`, () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seededRandom(seed);
      const bytesMax = RING_BYTES_INITIAL << (seed % 6);
      // Growing is refused now and then.
      const pair = new RingPair({ bytesMax, position, allocate: () => random() < 0.7 });
      while (pair.sentBytes < 4 * MIB) {
        const kind = random();
        const scale = kind < 0.7 ? 200 : kind < 0.95 ? 5 * KIB : kind < 0.995 ? 40 * KIB : 600 * KIB;
        pair.send(1 + Math.floor(random() * scale), 1 + Math.floor(random() * scale));
        if (pair.producer.queuedBytes > 2 * MIB) pair.drain();
        else if (random() < 0.5) pair.receive(1 + Math.floor(random() * 20));
        if (random() < 0.3) pair.producer.flush();
        if (random() < 0.01) pair.drain();
      }
      pair.drain();
      expect(pair.producer.committedBytes).toBe(pair.sentBytes);
    }
  });
}

test("positions go on counting beyond 2^32", () => {
  const pair = new RingPair({ position: -64 * KIB });
  while ((pair.words[Word.tail]! | 0) < 0) {
    pair.send(1000);
    pair.receive();
  }
  pair.send(1000);
  pair.drain();
  expect(pair.words[Word.tail]).toBe(pair.words[Word.head]!);
});

test("a ring that runs out of room grows to its bound, by doubling", () => {
  const pair = new RingPair({ bytesMax: 8 * RING_BYTES_INITIAL });
  for (let sent = 0; sent < 1000; sent++) pair.send(1000);
  pair.drain();
  for (let sent = 0; sent < 1000; sent++) {
    pair.send(1000);
    if (sent % 100 === 0) pair.drain();
  }
  pair.drain();
  expect(pair.grown).toEqual([2, 4, 8].map((factor) => factor * RING_BYTES_INITIAL));
});

test("a ring grows for a message larger than a quarter of it, at once", () => {
  const pair = new RingPair();
  pair.send(MIB);
  pair.drain();
  expect(pair.grown.at(-1)).toBe(RING_BYTES_MAX);
});

test("a ring that is not given memory stays as it is and works on", () => {
  let asked = 0;
  const pair = new RingPair({ allocate: () => (asked++, false) });
  for (let sent = 0; sent < 100; sent++) {
    pair.send(100_000);
    pair.drain();
  }
  expect(asked).toBeGreaterThan(0);
  expect(pair.grown).toEqual([]);
});

test("a full ring takes no more, and what waits follows when there is room", () => {
  const pair = new RingPair({ bytesMax: RING_BYTES_INITIAL });
  const { producer, consumer } = pair;
  while (producer.queuedBytes === 0) pair.send(500);
  pair.send(500);
  expect(producer.queuedBytes).toBe(1000);
  expect(producer.flush()).toBe(false);
  expect(producer.waitForRoom()).toBe(true);
  expect(consumer.takeRoomWake()).toBe(false);
  expect(pair.receive(2)).toBe(2);
  expect(consumer.takeRoomWake()).toBe(false);
  pair.receive();
  expect(consumer.takeRoomWake()).toBe(true);
  expect(consumer.takeRoomWake()).toBe(false);
  expect(producer.waitForRoom()).toBe(false);
  expect(producer.flush()).toBe(true);
  expect(producer.waitForRoom()).toBe(false);
  pair.drain();
});

test("a message of 16 MiB goes through a ring of 1 MiB in pieces that the consumer takes while others follow", () => {
  const pair = new RingPair();
  pair.send(16 * MIB);
  expect(pair.producer.queuedBytes).toBeGreaterThan(15 * MIB - 1);
  pair.drain();
  // The last quarter of a ring goes in one piece.
  expect(pair.records).toBeGreaterThanOrEqual(16 * MIB / PIECE_BYTES_MAX - 4);
});

test("poll hands over no more records than it is asked for, and stops after the one in which it is paused", () => {
  const pair = new RingPair();
  for (let sent = 0; sent < 10; sent++) pair.send(50);
  expect(pair.receive(3)).toBe(3);
  pair.onRange = () => pair.consumer.pause();
  expect(pair.receive()).toBe(1);
  pair.onRange = undefined;
  expect(pair.receive()).toBe(6);
  expect(pair.receive()).toBe(0);
});

test("a record is not given back before its sink has returned", () => {
  const pair = new RingPair({ bytesMax: RING_BYTES_INITIAL });
  pair.onRange = () => expect((pair.words[Word.tail]! - pair.words[Word.head]!) | 0).toBeGreaterThan(0);
  for (let sent = 0; sent < 1000; sent++) {
    pair.send(RING_BYTES_INITIAL >> 3);
    pair.receive();
  }
  pair.drain();
});

test("a sink that polls gets nothing, and one that throws has had its record", () => {
  const pair = new RingPair();
  pair.send(8);
  pair.send(9);
  pair.onRange = () => {
    expect(pair.receive()).toBe(0);
    throw new Error("no");
  };
  expect(() => pair.receive()).toThrow("no");
  expect(pair.words[Word.head]).toBe(16);
  pair.onRange = undefined;
  expect(pair.receive()).toBe(1);
  pair.drain();
});

test("a consumer sleeps only when there is nothing, and is woken once", () => {
  const pair = new RingPair();
  const { producer, consumer } = pair;
  expect(producer.takeWake()).toBe(false);
  expect(consumer.sleep()).toBe(true);
  expect(producer.takeWake()).toBe(true);
  expect(producer.takeWake()).toBe(false);
  pair.send(1);
  expect(consumer.sleep()).toBe(false);
  expect(producer.takeWake()).toBe(false);
  pair.drain();
  expect(consumer.sleep()).toBe(true);
  consumer.wake();
  expect(producer.takeWake()).toBe(false);
});
