import { assert } from "../../base/mod.ts";
import { RING_BYTES_MAX, Word } from "../layout.ts";
import { RingConsumer } from "../ring_consumer.ts";
import type { RecordSink } from "../ring_memory.ts";
import { RingProducer } from "../ring_producer.ts";
import { type GuardedMemory, guardedMemory } from "./guarded_memory.ts";

/** What a pair may begin with. */
export interface RingPairOptions {
  /** @default RING_BYTES_MAX */
  bytesMax?: number;
  /** Where both positions begin. @default 0 */
  position?: number;
  /** Whether the ring may grow. @default always */
  allocate?: (fromBytes: number, toBytes: number) => boolean;
}

/** Both sides of one ring in one ArrayBuffer, each with views of its own, and a stream of bytes that is checked on arrival. */
export class RingPair implements RecordSink {
  readonly memory: GuardedMemory;
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array<ArrayBuffer>;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
  /** Capacities that the ring was given, one after the other. */
  readonly grown: number[] = [];
  sentBytes = 0;
  receivedBytes = 0;
  records = 0;
  /** Called with each record's range after it was checked. */
  onRange: ((bytes: Uint8Array, start: number, end: number) => void) | undefined;

  constructor({ bytesMax = RING_BYTES_MAX, position = 0, allocate = () => true }: RingPairOptions = {}) {
    this.memory = guardedMemory(bytesMax);
    this.buffer = this.memory.views().buffer;
    this.words = this.memory.views().words;
    this.words[Word.head] = this.words[Word.tail] = position;
    this.producer = new RingProducer(this.memory.views(), (fromBytes, toBytes) => {
      assert(toBytes === 2 * fromBytes && toBytes <= bytesMax, "a ring doubles within its memory");
      const may = allocate(fromBytes, toBytes);
      if (may) this.grown.push(toBytes);
      return may;
    });
    this.consumer = new RingConsumer(this.memory.views());
  }

  /** The ring's own bytes. */
  data(): Uint8Array<ArrayBuffer> {
    const { buffer, dataOffset, bytesMax } = this.memory.views();
    return new Uint8Array(buffer, dataOffset, bytesMax);
  }

  /** Encodes and commits the next `count` bytes of the stream, in steps of at most `stepBytes`. */
  send(count: number, stepBytes = count): void {
    const { writer } = this.producer;
    for (let left = count; left > 0;) {
      const step = Math.min(left, stepBytes);
      writer.reserve(step);
      const { bytes, length } = writer;
      for (let index = 0; index < step; index++) bytes[length + index] = streamByte(this.sentBytes + index);
      writer.length += step;
      this.sentBytes += step;
      left -= step;
    }
    this.producer.commit();
  }

  /** Takes what there is; gives how many records it was. */
  receive(recordsMax = Number.MAX_SAFE_INTEGER): number {
    return this.consumer.poll(this, recordsMax);
  }

  /** Receives and flushes until nothing is left anywhere. */
  drain(): void {
    do this.receive(); while (this.producer.flush());
    this.receive();
    assert(this.receivedBytes === this.sentBytes, `expected ${this.sentBytes} bytes, found ${this.receivedBytes}`);
    assert(this.producer.queuedBytes === 0 && this.consumer.isEmpty, "nothing is left");
    this.memory.checkCanaries();
  }

  onRecord(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    for (let index = start; index < end; index++, this.receivedBytes++) {
      if (bytes[index] !== streamByte(this.receivedBytes)) {
        throw new Error(`byte ${this.receivedBytes} of the stream, at ${index} in the ring, is wrong`);
      }
    }
    this.records++;
    this.onRange?.(bytes, start, end);
  }
}

/** The byte at `position` of the stream that pairs send: it repeats after no power of two. */
export function streamByte(position: number): number {
  return (position ^ (position >>> 8) * 31 ^ (position >>> 16) * 17) & 0xff;
}
