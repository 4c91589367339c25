import { expect, setDefaultTimeout, test } from "bun:test";
import { RING_WORDS, Word } from "./layout.ts";
import { RingConsumer } from "./ring_consumer.ts";
import type { RingMemory } from "./ring_memory.ts";
import { RingProducer } from "./ring_producer.ts";
import { Interleavings, type Script } from "./testing/interleavings.ts";

/** There is much to try, on a machine that may be busy. */
setDefaultTimeout(120_000);

/** The smallest ring: full after a few records. */
const RING_BYTES = 64;
/** With its header it takes an eighth of that. */
const RECORD_BYTES = 4;
/** How many records lie in the ring when a test for back-pressure begins: one more fits. */
const FILLED = 7;

function ringMemory(position = 0): RingMemory {
  const wordBytes = RING_WORDS * Int32Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(wordBytes + RING_BYTES);
  const words = new Int32Array(buffer, 0, RING_WORDS);
  words[Word.head] = words[Word.tail] = position;
  return { words, buffer, dataOffset: wordBytes, bytesMax: RING_BYTES };
}

/** Writes a record whose every byte is its number. */
function write({ writer }: RingProducer, number: number, byteCount = RECORD_BYTES): void {
  writer.reserve(byteCount);
  writer.bytes.fill(number, writer.length, writer.length + byteCount);
  writer.length += byteCount;
}

/** Expects records 1, 2, 3 ..., whole or in pieces. */
class Numbers {
  receivedBytes = 0;

  onRecord(bytes: Uint8Array, start: number, end: number): void {
    for (let index = start; index < end; index++, this.receivedBytes++) {
      const expected = 1 + Math.floor(this.receivedBytes / RECORD_BYTES);
      if (bytes[index] !== expected) throw new Error(`expected a byte of record ${expected}, found ${bytes[index]}`);
    }
  }
}

/** Sends `count` records, as a link does that never has to wait. */
const sending = (count: number): Script => (memory) => {
  const producer = new RingProducer(memory, () => true);
  return (side) => {
    for (let number = 1; number <= count; number++) {
      side.mark(producer, producer.writer, { number });
      write(producer, number);
      producer.commit();
      if (producer.takeWake()) side.ring();
    }
  };
};

/** Takes `count` records, and sleeps whenever there is none. */
const sleeping = (count: number): Script => (memory) => {
  const consumer = new RingConsumer(memory);
  const numbers = new Numbers();
  return (side) => {
    while (numbers.receivedBytes < count * RECORD_BYTES) {
      side.mark(consumer, numbers);
      if (consumer.poll(numbers, 10) > 0) continue;
      if (!consumer.sleep()) continue;
      side.wait();
      consumer.wake();
    }
  };
};

test("no interleaving of two sides loses a wake-up", () => {
  const explored = new Interleavings(ringMemory(), [sending(3), sleeping(3)]).explore();
  expect(explored.stuck).toBeUndefined();
  expect(explored.endings).toBeGreaterThan(10);
});

/** Sends `count` records in front of which seven lie in the ring already; sleeps whenever there is no room, and wakes. */
const waiting = (count: number): Script => (memory) => {
  const producer = new RingProducer(memory, () => true);
  for (let number = 1; number <= FILLED; number++) {
    write(producer, number);
    producer.commit();
  }
  return (side) => {
    for (let number = FILLED + 1; number <= FILLED + count; number++) {
      side.mark(producer, producer.writer, { number });
      write(producer, number);
      producer.commit();
      if (producer.takeWake()) side.ring();
    }
    while (producer.queuedBytes > 0) {
      side.mark(producer, producer.writer);
      if (producer.flush()) {
        if (producer.takeWake()) side.ring();
      } else if (producer.waitForRoom()) side.wait();
    }
  };
};

/** Takes `count` records as they come, and says when there is room. */
const makingRoom = (count: number, recordsMax: number): Script => (memory) => {
  const consumer = new RingConsumer(memory);
  const numbers = new Numbers();
  const { words } = memory;
  return (side) => {
    while (numbers.receivedBytes < (FILLED + count) * RECORD_BYTES) {
      side.mark(consumer, numbers);
      side.until(() => words[Word.tail] !== words[Word.head]);
      consumer.poll(numbers, recordsMax);
      if (consumer.takeRoomWake()) side.ring();
    }
  };
};

for (const recordsMax of [2, 10]) {
  test(`no interleaving leaves a producer waiting that there is room for, with polls of ${recordsMax}`, () => {
    for (const position of [0, -24, 40]) {
      const explored = new Interleavings(ringMemory(position), [waiting(3), makingRoom(3, recordsMax)]).explore();
      expect(explored.stuck).toBeUndefined();
      expect(explored.endings).toBeGreaterThan(0);
    }
  });
}

/** Takes what there is, says when there is room, and sleeps when there is nothing. */
const sleepingAndMakingRoom = (count: number): Script => (memory) => {
  const consumer = new RingConsumer(memory);
  const numbers = new Numbers();
  return (side) => {
    while (numbers.receivedBytes < (FILLED + count) * RECORD_BYTES) {
      side.mark(consumer, numbers);
      if (consumer.poll(numbers, 10) > 0) {
        if (consumer.takeRoomWake()) side.ring();
      } else if (consumer.sleep()) {
        side.wait();
        consumer.wake();
      }
    }
  };
};

test("no interleaving of a full ring and a sleeping consumer leaves both asleep", () => {
  const explored = new Interleavings(ringMemory(), [waiting(3), sleepingAndMakingRoom(3)]).explore();
  expect(explored.stuck).toBeUndefined();
  expect(explored.endings).toBeGreaterThan(10);
});

test("a side that looks before it says that it sleeps is found out", () => {
  /** As above, with the two steps of falling asleep in the wrong order. */
  const careless: Script = (memory) => {
    const consumer = new RingConsumer(memory);
    const numbers = new Numbers();
    const { words } = memory;
    return (side) => {
      while (numbers.receivedBytes < 2 * RECORD_BYTES) {
        if (consumer.poll(numbers, 10) > 0 || !consumer.isEmpty) continue;
        Atomics.store(words, Word.consumerSleeps, 1);
        side.wait();
        consumer.wake();
      }
    };
  };
  expect(new Interleavings(ringMemory(), [sending(2), careless]).explore().stuck).toBeArray();
});
