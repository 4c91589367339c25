import { expect, test } from "bun:test";
import { MIB } from "../base/mod.ts";
import { compileCodec } from "../schema/mod.ts";
import { beginFrame, endFrame, HEADER_BYTES, Kind } from "../wire/mod.ts";
import { RECORD_HEADER_BYTES, RING_BYTES_INITIAL, Word } from "./layout.ts";
import { IN_PLACE_BYTES_MIN } from "./ring_producer.ts";
import { HEAP_BYTES_KEPT } from "./ring_writer.ts";
import { RingPair } from "./testing/ring_pair.ts";

/** A pair whose next record begins `leftBytes` before the end of the lap. */
function nearTheEnd(leftBytes: number): RingPair {
  const pair = new RingPair();
  const offset = RING_BYTES_INITIAL - leftBytes;
  while ((pair.words[Word.tail]! & (RING_BYTES_INITIAL - 1)) !== offset) {
    pair.send(Math.min(1000, offset - (pair.words[Word.tail]! & (RING_BYTES_INITIAL - 1)) - RECORD_HEADER_BYTES));
    pair.drain();
  }
  return pair;
}

test("a frame that outgrows the lap moves out of the ring and keeps its index", () => {
  const pair = nearTheEnd(IN_PLACE_BYTES_MIN);
  const { writer } = pair.producer;
  expect(writer.bytes.buffer).toBe(pair.buffer);
  const start = beginFrame(writer, Kind.request, 0, 7, 1, 2, 3);
  expect(start).toBe(writer.length - HEADER_BYTES);
  for (let written = 0; written < 3 * IN_PLACE_BYTES_MIN; written++) {
    writer.reserve(1);
    writer.bytes[writer.length++] = written;
  }
  expect(writer.bytes.buffer).not.toBe(pair.buffer);
  endFrame(writer, start);
  pair.producer.commit();
  let frame = new Uint8Array();
  pair.consumer.poll({ onRecord: (bytes, from, to) => void (frame = bytes.slice(from, to)) }, 10);
  const view = new DataView(frame.buffer);
  expect(view.getUint32(0, true)).toBe(3 * IN_PLACE_BYTES_MIN);
  expect(view.getUint16(6, true)).toBe(7);
  expect(frame.subarray(HEADER_BYTES)).toEqual(Uint8Array.from({ length: 3 * IN_PLACE_BYTES_MIN }, (_, at) => at));
});

test("values of a compiled codec are encoded across the end of a lap", () => {
  const codec = compileCodec({ kind: "array", items: { kind: "unknown" } }, {}, "value");
  const value = Array.from(
    { length: 400 },
    (_, index) => [index * 1e9, `text ${"ü".repeat(index)}`, new Uint8Array(index)],
  );
  for (const leftBytes of [IN_PLACE_BYTES_MIN, 2 * IN_PLACE_BYTES_MIN, 20_000]) {
    const pair = nearTheEnd(leftBytes);
    codec.encode(value, pair.producer.writer);
    pair.producer.commit();
    let frame = new Uint8Array();
    const sink = {
      onRecord(bytes: Uint8Array, start: number, end: number) {
        frame = new Uint8Array([...frame, ...bytes.subarray(start, end)]);
      },
    };
    do pair.consumer.poll(sink, 100); while (pair.producer.flush() || !pair.consumer.isEmpty);
    expect(codec.decode(frame, 0, frame.length)).toEqual(value);
  }
});

for (const leftBytes of [IN_PLACE_BYTES_MIN, RING_BYTES_INITIAL]) {
  test(`what an encoder wrote before it threw is never sent, with ${leftBytes} bytes left in the lap`, () => {
    const pair = nearTheEnd(leftBytes);
    const { writer } = pair.producer;
    const tail = pair.words[Word.tail];
    for (const size of [10, 5000, 3 * MIB]) {
      const start = beginFrame(writer, Kind.request, 0, 0, 0, 0, 0);
      writer.reserve(size);
      writer.bytes.fill(1, writer.length, writer.length + size);
      writer.length += size;
      writer.length = start;
      pair.producer.commit();
      expect(pair.words[Word.tail]).toBe(tail!);
      expect(pair.producer.committedBytes).toBe(pair.sentBytes);
    }
    pair.send(100);
    pair.drain();
  });
}

test("a frame that is being encoded stays where it is while the queue before it leaves", () => {
  const pair = new RingPair({ bytesMax: RING_BYTES_INITIAL });
  pair.send(3 * RING_BYTES_INITIAL);
  const { writer } = pair.producer;
  const start = beginFrame(writer, Kind.item, 0, 0, 9, 0, 0);
  const { bytes } = writer;
  do pair.receive(); while (pair.producer.flush());
  expect(pair.producer.queuedBytes).toBe(0);
  expect(writer.bytes).toBe(bytes);
  endFrame(writer, start);
  pair.producer.commit();
  let callId = 0;
  const sink = {
    onRecord: (record: Uint8Array, from: number, to: number) => {
      expect(to - from).toBe(HEADER_BYTES);
      callId = record[from + 8]!;
    },
  };
  while (callId === 0) pair.consumer.poll(sink, 10);
  expect(callId).toBe(9);
  expect(writer.bytes.buffer).toBe(pair.buffer);
});

test("the heap buffer of a huge message is let go of once it has left", () => {
  const pair = new RingPair();
  const { writer } = pair.producer;
  // Nobody but the writer itself has to do with it.
  const heapBytes = () => (writer as unknown as { heap: Uint8Array }).heap.length;
  pair.send(16 * MIB, MIB);
  expect(heapBytes()).toBeGreaterThanOrEqual(16 * MIB);
  pair.drain();
  expect(heapBytes()).toBeLessThanOrEqual(HEAP_BYTES_KEPT);
  pair.send(10);
  pair.drain();
  expect(writer.bytes.buffer).toBe(pair.buffer);
});
