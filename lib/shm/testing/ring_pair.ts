import { assert } from "../../base/mod.ts";
import { CONTROL_BYTES, RING_BYTES_MAX, RING_WORDS, Word } from "../layout.ts";
import { RingConsumer } from "../ring_consumer.ts";
import type { RecordSink, RingMemory } from "../ring_memory.ts";
import { RingProducer } from "../ring_producer.ts";

/** On both sides of the ring's memory, to see that nothing outside is touched. */
const CANARY_BYTES = 4096;
const CANARY = 0xa5;

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
  readonly buffer: ArrayBuffer;
  readonly bytesMax: number;
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
    this.bytesMax = bytesMax;
    this.buffer = new ArrayBuffer(2 * CANARY_BYTES + CONTROL_BYTES + bytesMax);
    new Uint8Array(this.buffer).fill(CANARY);
    new Uint8Array(this.buffer, CANARY_BYTES, CONTROL_BYTES + bytesMax).fill(0);
    this.words = this.memory().words;
    this.words[Word.head] = this.words[Word.tail] = position;
    this.producer = new RingProducer(this.memory(), (fromBytes, toBytes) => {
      assert(toBytes === 2 * fromBytes && toBytes <= bytesMax, "a ring doubles within its memory");
      const may = allocate(fromBytes, toBytes);
      if (may) this.grown.push(toBytes);
      return may;
    });
    this.consumer = new RingConsumer(this.memory());
  }

  /** Views of the ring, new ones for each side. */
  memory(): RingMemory {
    return {
      words: new Int32Array(this.buffer, CANARY_BYTES, RING_WORDS),
      buffer: this.buffer,
      dataOffset: CANARY_BYTES + CONTROL_BYTES,
      bytesMax: this.bytesMax,
    };
  }

  /** The ring's own bytes. */
  data(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, CANARY_BYTES + CONTROL_BYTES, this.bytesMax);
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
    this.checkCanaries();
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

  /** Throws when a byte outside of the ring's memory has changed. */
  checkCanaries(): void {
    const { byteLength } = this.buffer;
    for (const offset of [0, byteLength - CANARY_BYTES]) {
      const untouched = new Uint8Array(this.buffer, offset, CANARY_BYTES).every((byte) => byte === CANARY);
      assert(untouched, "nothing outside of the ring is written");
    }
  }
}

/** The byte at `position` of the stream that pairs send: it repeats after no power of two. */
export function streamByte(position: number): number {
  return (position ^ (position >>> 8) * 31 ^ (position >>> 16) * 17) & 0xff;
}
