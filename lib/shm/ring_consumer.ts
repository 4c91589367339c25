import { CellError } from "../base/mod.ts";
import { Marker, RECORD_ALIGNMENT, RECORD_HEADER_BYTES, Word } from "./layout.ts";
import { impossibleDistance, initialCapacity, ownPosition, type RecordSink, type RingMemory } from "./ring_memory.ts";

const ALIGN = RECORD_ALIGNMENT - 1;
/** Bits of a distance that must not be set. */
const MISALIGNED = ALIGN;

/**
 * Takes records out of a ring. The peer may write anything anywhere at any time: the tail is read once per look and a
 * header once per record, and both are checked before they are used.
 */
export class RingConsumer {
  private readonly words: Int32Array<ArrayBuffer>;
  private readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory, for records' headers. */
  private readonly headers: Int32Array<ArrayBuffer>;
  private readonly bytesMax: number;
  private capacity: number;
  /** Where the next record begins. */
  private head: number;
  /** What the producer knows of `head`. */
  private published: number;
  /** What is known of the producer's position; checked. */
  private tail: number;
  private paused = false;
  private delivering = false;

  constructor(memory: RingMemory) {
    const { words, buffer, dataOffset, bytesMax } = memory;
    this.words = words;
    this.bytes = new Uint8Array(buffer, dataOffset, bytesMax);
    this.headers = new Int32Array(buffer, dataOffset, bytesMax / Int32Array.BYTES_PER_ELEMENT);
    this.bytesMax = bytesMax;
    this.capacity = initialCapacity(memory);
    this.head = this.published = this.tail = ownPosition(memory, Word.head, "head");
  }

  /**
   * Hands at most `recordsMax` records to `sink`, and at most as many as there were when it was called. Gives how many;
   * markers count. Inside of itself it gives 0. Throws INVALID_ARGUMENT when the control words or a record's header make
   * no sense. A sink that throws has had its record.
   */
  poll(sink: RecordSink, recordsMax: number): number {
    if (this.delivering) return 0;
    let { head } = this;
    if (this.tail === head) this.look();
    const { tail } = this;
    if (tail === head) return 0;
    const { headers, bytes } = this;
    let count = 0;
    this.paused = false;
    this.delivering = true;
    try {
      while (count < recordsMax && head !== tail && !this.paused) {
        const offset = head & (this.capacity - 1);
        const rest = this.capacity - offset;
        const available = (tail - head) | 0;
        const length = headers[offset >> 2]!;
        count++;
        if (length <= 0 || length > (available < rest ? available : rest) - RECORD_HEADER_BYTES) {
          head = this.head = this.passMarker(length, head, available);
          continue;
        }
        head = (head + ((length + RECORD_HEADER_BYTES + ALIGN) & ~ALIGN)) | 0;
        this.head = head;
        const start = offset + RECORD_HEADER_BYTES;
        sink.onRecord(bytes, start, start + length);
        if (((head - this.published) | 0) >= this.capacity >> 2) this.publish();
      }
    } finally {
      this.delivering = false;
      if (this.head !== this.published) this.publish();
    }
    return count;
  }

  /** From within the sink: `poll` returns after the current record. */
  pause(): void {
    this.paused = true;
  }

  get isEmpty(): boolean {
    return this.tail === this.head && Atomics.load(this.words, Word.tail) === this.head;
  }

  /** Asks for the doorbell; false, without asking, when there is a record already. */
  sleep(): boolean {
    if (this.tail !== this.head) return false;
    Atomics.store(this.words, Word.consumerSleeps, 1);
    // After the wish, never before it: the producer looks for the wish after its record.
    if (Atomics.load(this.words, Word.tail) === this.head) return true;
    this.wake();
    return false;
  }

  /** Takes the wish for the doorbell back. */
  wake(): void {
    Atomics.store(this.words, Word.consumerSleeps, 0);
  }

  /**
   * Whether the producer waits for room and at least half of the ring is free now; clears the wish then. To be asked after
   * every poll.
   */
  takeRoomWake(): boolean {
    const { words } = this;
    if (Atomics.load(words, Word.producerWaits) === 0) return false;
    if ((Atomics.load(words, Word.tail) - this.head) >>> 0 > this.capacity >> 1) return false;
    return Atomics.exchange(words, Word.producerWaits, 0) !== 0;
  }

  /** Reads the producer's position anew. */
  private look(): void {
    const tail = Atomics.load(this.words, Word.tail);
    const distance = tail - this.head;
    // The producer may have grown the ring more than once since, so its distance is bounded by the largest capacity.
    if (distance >>> 0 > this.bytesMax || (distance & MISALIGNED) !== 0) {
      throw impossibleDistance("tail", distance, this.bytesMax);
    }
    this.tail = tail;
  }

  private publish(): void {
    this.published = this.head;
    Atomics.store(this.words, Word.head, this.head);
  }

  /** The header at `head` is no length that fits: a marker, or nothing that a correct peer writes. Gives what follows it. */
  private passMarker(header: number, head: number, available: number): number {
    const { capacity } = this;
    const rest = capacity - (head & (capacity - 1));
    if (rest <= available) {
      if (header === Marker.wrap) return (head + rest) | 0;
      if (header === Marker.grow && capacity < this.bytesMax && (head & capacity) === 0) {
        this.capacity = capacity * 2;
        return (head + rest) | 0;
      }
    }
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading a ring's record at ${head >>> 0}: expected 1 to ${Math.min(available, rest) - RECORD_HEADER_BYTES} ` +
        `bytes or a marker that fits, found ${header} (capacity ${capacity} of ${this.bytesMax})`,
    );
  }
}
