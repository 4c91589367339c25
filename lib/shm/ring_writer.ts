import { KIB, MIB, SpareBuffer, Writer } from "../base/mod.ts";

/** First size of the heap buffer, which is only made when a frame cannot be encoded in the ring. */
const HEAP_BYTES_MIN = 4 * KIB;
/** A heap buffer that grew past this is let go of when it is empty. */
export const HEAP_BYTES_KEPT = 32 * KIB;
/** One that was let go of is kept for all writers of the process, up to this: enough for messages of 1 MiB in a row. */
const SPARE_BYTES_MAX = 2 * MIB;
/** The queue is moved to the front of its buffer when at least this much in front of it has left. */
const COMPACT_BYTES_MIN = 256 * KIB;

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);
const spare = new SpareBuffer(HEAP_BYTES_KEPT, SPARE_BYTES_MAX);

/**
 * Where a producer's frames are encoded: in the ring itself ("in place") or in a heap buffer.
 *
 * In place, `bytes` is a view of the ring from its first byte to the first one that may not be written, and [start, length) is
 * what was written since the last commit. A frame that outgrows its place moves to the heap buffer at the same index,
 * because encoders keep positions in local variables.
 *
 * In the heap, [sent, start) waits for room in the ring and [start, length) was written since the last commit.
 */
export class RingWriter extends Writer {
  inPlace = false;
  /** Where the bytes begin that no commit has covered yet. */
  start = 0;
  /** In the heap: where the bytes begin that are not in the ring yet. */
  sent = 0;
  private heap = NO_BYTES;
  private heapView = NO_VIEW;

  constructor() {
    super(0);
  }

  override reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.makeRoom(needed);
  }

  /** Forgets what was written since the last commit. */
  override reset(): void {
    this.length = this.start;
  }

  /** What was written since the last commit: a view, valid until the next write. */
  override written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(this.start, this.length);
  }

  /** The next frame is encoded in the ring, from `start` on: `bytes` and `view` end where the free bytes do. */
  enterRing(bytes: Uint8Array<ArrayBuffer>, view: DataView, start: number): void {
    this.inPlace = true;
    this.bytes = bytes;
    this.view = view;
    this.start = this.length = start;
    if (this.heap.length > HEAP_BYTES_KEPT) this.dropHeap();
  }

  /** The next frame is encoded in the heap. */
  enterHeap(): void {
    this.inPlace = false;
    this.start = this.sent = this.length = 0;
    if (this.heap.length > HEAP_BYTES_KEPT) this.dropHeap();
    this.bytes = this.heap;
    this.view = this.heapView;
  }

  /** Moves a queue to the front of the heap buffer if that is worth it. Only between two frames. */
  compact(): void {
    const { sent } = this;
    if (sent < COMPACT_BYTES_MIN || sent < this.length / 2) return;
    this.heap.copyWithin(0, sent, this.length);
    this.length -= sent;
    this.start -= sent;
    this.sent = 0;
  }

  private makeRoom(needed: number): void {
    const from = this.bytes;
    if (this.inPlace) this.sent = this.start;
    if (needed > this.heap.length) {
      this.heap = spare.take(needed, Math.max(needed, this.heap.length * 2, HEAP_BYTES_MIN));
      this.heapView = new DataView(this.heap.buffer);
    }
    this.inPlace = false;
    this.bytes = this.heap;
    this.view = this.heapView;
    if (from.length > 0) this.heap.set(from.subarray(this.sent, this.length), this.sent);
  }

  private dropHeap(): void {
    spare.give(this.heap);
    this.heap = NO_BYTES;
    this.heapView = NO_VIEW;
  }
}
