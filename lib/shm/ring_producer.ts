import { KIB, type Writer } from "../base/mod.ts";
import { Marker, RECORD_ALIGNMENT, RECORD_HEADER_BYTES, Word } from "./layout.ts";
import type { RingMemory } from "./ring_memory.ts";
import { RingPlaces } from "./ring_places.ts";
import { RingSpace } from "./ring_space.ts";
import { RingWriter } from "./ring_writer.ts";

/**
 * A frame is only begun in the ring where at least this much lies free in one piece. Nearly every small call fits, so moves
 * to the heap are rare; and a lap that ends up to this much early wastes 3 % of the smallest ring.
 */
export const IN_PLACE_BYTES_MIN = 1 * KIB;
/** What does not fit into a quarter of the ring goes through it in pieces of this size: the consumer copies the first while the next comes. */
export const PIECE_BYTES_MAX = 64 * KIB;

const ALIGN = RECORD_ALIGNMENT - 1;

/** Puts records into a ring. The peer may write anything anywhere: its position is checked whenever it is read. */
export class RingProducer extends RingSpace {
  /** Bytes that were ever committed. */
  committedBytes = 0;
  private readonly ringWriter = new RingWriter();
  private readonly places: RingPlaces;
  private waits = false;

  /** `allocate` is asked before the ring grows; when it gives false the ring stays as it is. */
  constructor(memory: RingMemory, allocate: (fromBytes: number, toBytes: number) => boolean) {
    super(memory, allocate);
    this.places = new RingPlaces(memory);
    this.findPlace();
  }

  /** Frames are encoded here: in the ring itself where there is a place, else in the heap. Always the same object. */
  get writer(): Writer {
    return this.ringWriter;
  }

  /** Committed bytes that wait for room. */
  get queuedBytes(): number {
    const writer = this.ringWriter;
    return writer.inPlace ? 0 : writer.start - writer.sent;
  }

  /**
   * What was written since the last commit becomes one record, or waits in the heap when there is no room. Throws
   * INVALID_ARGUMENT when the consumer's position makes no sense.
   */
  commit(): void {
    const writer = this.ringWriter;
    const { start } = writer;
    const length = writer.length - start;
    if (length <= 0) return;
    this.committedBytes += length;
    if (!writer.inPlace) return this.commitHeap(length);
    const recordBytes = (length + RECORD_HEADER_BYTES + ALIGN) & ~ALIGN;
    this.headers[(start - RECORD_HEADER_BYTES) >> 2] = length;
    this.publish((this.tail + recordBytes) | 0);
    const next = (start + recordBytes) | 0;
    if (length <= this.capacity >> 2 && next + IN_PLACE_BYTES_MIN <= writer.bytes.length) {
      writer.start = writer.length = next;
    } else this.settle(length);
  }

  /** Moves as much of what waits as there is room for; true when it moved anything. Throws as `commit` does. */
  flush(): boolean {
    const writer = this.ringWriter;
    if (writer.inPlace || writer.sent === writer.start) return false;
    this.stopWaiting();
    const moved = this.moveQueue();
    // While a frame is being encoded, its buffer stays where it is.
    if (writer.length === writer.start) this.settle(0);
    return moved;
  }

  /** Whether the consumer sleeps and has to be woken; clears its wish. To be asked after every commit and flush. */
  takeWake(): boolean {
    const { words } = this;
    return Atomics.load(words, Word.consumerSleeps) !== 0 && Atomics.exchange(words, Word.consumerSleeps, 0) !== 0;
  }

  /** Asks to be woken when there is room for what waits; false when nothing waits or there is room already. */
  waitForRoom(): boolean {
    if (this.queuedBytes === 0) return false;
    this.waits = true;
    Atomics.store(this.words, Word.producerWaits, 1);
    // After the wish, never before it: the consumer looks for the wish after it made room.
    this.look();
    if (this.room() < this.roomNeeded()) return true;
    this.stopWaiting();
    return false;
  }

  private stopWaiting(): void {
    if (!this.waits) return;
    this.waits = false;
    Atomics.store(this.words, Word.producerWaits, 0);
  }

  private commitHeap(length: number): void {
    const writer = this.ringWriter;
    writer.start = writer.length;
    if (length > this.capacity >> 2) this.wantCapacity(length * 4);
    this.moveQueue();
    this.settle(length);
  }

  /** Decides where the next frame is encoded, after a message of `length` bytes. Nothing is being written. */
  private settle(length: number): void {
    const writer = this.ringWriter;
    if (!writer.inPlace && writer.sent < writer.start) return writer.compact();
    const isLarge = length > this.capacity >> 2;
    if (isLarge) this.wantCapacity(length * 4);
    // After a large message the next one is likely to be as large, and would have to move out of the ring.
    if (isLarge || !this.findPlace()) writer.enterHeap();
  }

  /** Lets the next frame be encoded in the ring if there is a place. */
  private findPlace(): boolean {
    this.grow();
    if (this.enterRing()) return true;
    this.look();
    if (this.enterRing()) return true;
    const rest = this.rest();
    if (rest < IN_PLACE_BYTES_MIN && this.places.floor(this.room() - rest, this.capacity) >= IN_PLACE_BYTES_MIN) {
      this.endLap(Marker.wrap);
      return this.enterRing();
    }
    this.wantCapacity(this.capacity * 2);
    return false;
  }

  /** Goes to the place at the ring's end if what is known to be free in one piece is enough. */
  private enterRing(): boolean {
    const { capacity } = this;
    const offset = this.tail & (capacity - 1);
    const used = (this.tail - this.head) | 0;
    const endOffset = used <= offset ? capacity : this.places.floor(offset + capacity - used, capacity);
    if (endOffset - offset < IN_PLACE_BYTES_MIN) return false;
    const place = this.places.at(endOffset, capacity);
    this.ringWriter.enterRing(place.bytes, place.view, offset + RECORD_HEADER_BYTES);
    return true;
  }

  /** How much of the queue would be one record now, with its header. */
  private pieceBytes(): number {
    const quarter = this.capacity >> 2;
    const queued = this.queuedBytes;
    const length = queued <= quarter - RECORD_HEADER_BYTES
      ? queued
      : Math.min(PIECE_BYTES_MAX, quarter) - RECORD_HEADER_BYTES;
    return (length + RECORD_HEADER_BYTES + ALIGN) & ~ALIGN;
  }

  /** Less room than this is not worth a record: it would be crumbs. At most an eighth of the ring, so it always comes. */
  private roomNeeded(): number {
    return Math.min(this.rest(), this.pieceBytes(), this.capacity >> 3);
  }

  private moveQueue(): boolean {
    const writer = this.ringWriter;
    const { tail } = this;
    while (writer.sent < writer.start) {
      this.grow();
      const wanted = this.pieceBytes();
      if (this.room() < wanted) this.look();
      const room = this.room();
      const rest = this.rest();
      if (room < this.roomNeeded()) {
        this.wantCapacity(this.capacity * 2);
        break;
      }
      if (rest < wanted && (rest < this.capacity >> 3 || wanted <= room - rest)) this.endLap(Marker.wrap);
      else this.putPiece(Math.min(wanted, rest, room));
    }
    return this.tail !== tail;
  }

  /** Copies as much of the queue as one record of `recordBytes` holds, header and padding included. */
  private putPiece(recordBytes: number): void {
    const writer = this.ringWriter;
    const { sent } = writer;
    const length = Math.min(recordBytes - RECORD_HEADER_BYTES, writer.start - sent);
    const offset = this.tail & (this.capacity - 1);
    this.bytes.set(writer.bytes.subarray(sent, sent + length), offset + RECORD_HEADER_BYTES);
    this.headers[offset >> 2] = length;
    writer.sent = sent + length;
    this.publish((this.tail + ((length + RECORD_HEADER_BYTES + ALIGN) & ~ALIGN)) | 0);
  }
}
