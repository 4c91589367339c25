import { expect, test } from "bun:test";
import { KIB, MIB, seededRandom } from "../base/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX, Word } from "./layout.ts";
import { RingPair } from "./testing/ring_pair.ts";

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
