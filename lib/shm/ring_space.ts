import { Marker, RECORD_ALIGNMENT, Word } from "./layout.ts";
import { impossibleDistance, initialCapacity, ownPosition, type RingMemory } from "./ring_memory.ts";

/** Bits of a distance that must not be set. */
const MISALIGNED = RECORD_ALIGNMENT - 1;

/** What a producer knows of its ring: how far it has come, what is free, and how the ring grows. */
export class RingSpace {
  protected readonly words: Int32Array<ArrayBuffer>;
  protected readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory, for records' headers. */
  protected readonly headers: Int32Array<ArrayBuffer>;
  protected capacity: number;
  /** Where the next record begins. What lies before it is published. */
  protected tail: number;
  /** What is known of the consumer's position; checked. */
  protected head: number;
  private readonly bytesMax: number;
  /** Above `capacity` when the ring is to grow as soon as it can. */
  private capacityWanted: number;

  constructor(memory: RingMemory, private readonly allocate: (fromBytes: number, toBytes: number) => boolean) {
    const { words, buffer, dataOffset, bytesMax } = memory;
    this.words = words;
    this.bytes = new Uint8Array(buffer, dataOffset, bytesMax);
    this.headers = new Int32Array(buffer, dataOffset, bytesMax / Int32Array.BYTES_PER_ELEMENT);
    this.bytesMax = bytesMax;
    this.capacity = this.capacityWanted = initialCapacity(memory);
    this.tail = this.head = ownPosition(memory, Word.tail, "tail");
    this.look();
  }

  /** Everything before `tail` is the consumer's. */
  protected publish(tail: number): void {
    this.tail = tail;
    Atomics.store(this.words, Word.tail, tail);
  }

  /** Reads the consumer's position anew. */
  protected look(): void {
    const head = Atomics.load(this.words, Word.head);
    const distance = this.tail - head;
    if (distance >>> 0 > this.capacity || (distance & MISALIGNED) !== 0) {
      throw impossibleDistance("head", distance, this.capacity);
    }
    this.head = head;
  }

  /** Bytes that are free, as far as is known. */
  protected room(): number {
    return this.capacity - ((this.tail - this.head) | 0);
  }

  /** Bytes up to the end of the lap. */
  protected rest(): number {
    return this.capacity - (this.tail & (this.capacity - 1));
  }

  /** From now on the ring is to have this many bytes, as far as it may. */
  protected wantCapacity(bytes: number): void {
    while (this.capacityWanted < bytes && this.capacityWanted < this.bytesMax) this.capacityWanted *= 2;
  }

  /** Grows as far as is wanted and possible: only an even lap can end with more bytes, and only when its rest is free. */
  protected grow(): void {
    while (this.capacityWanted > this.capacity && (this.tail & this.capacity) === 0 && this.rest() <= this.room()) {
      const { capacity } = this;
      if (!this.allocate(capacity, capacity * 2)) {
        this.capacityWanted = capacity;
        return;
      }
      this.endLap(Marker.grow);
      this.capacity = capacity * 2;
    }
  }

  /** Skips the lap's rest, which must be free. */
  protected endLap(marker: number): void {
    const { capacity, tail } = this;
    const offset = tail & (capacity - 1);
    this.headers[offset >> 2] = marker;
    this.publish((tail + capacity - offset) | 0);
  }
}
