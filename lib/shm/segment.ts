import { CellError } from "../base/mod.ts";
import {
  createSharedMemory,
  type Credentials,
  openSharedMemory,
  type SharedMemory,
  type SharedMemoryHandle,
  type SharedMemoryKind,
} from "../sys/mod.ts";
import { CONTROL_BYTES, RING_BYTES_INITIAL, RING_BYTES_MAX, RING_WORDS, segmentBytes } from "./layout.ts";
import type { RingMemory } from "./ring_memory.ts";

/** Which direction: 0 carries from the client to the server, 1 from the server to the client. */
export type RingIndex = 0 | 1;

/** The memory of one connection: a control page and two rings, mapped by both sides. */
export class Segment {
  readonly #memory: SharedMemory;
  readonly #ringBytesMax: number;

  private constructor(memory: SharedMemory, ringBytesMax: number) {
    this.#memory = memory;
    this.#ringBytesMax = ringBytesMax;
  }

  /**
   * Creates one whose rings may grow to `ringBytesMax`, and allocates what both begin with. Throws INVALID_ARGUMENT for a
   * size that no ring can have, and what `createSharedMemory` throws: RESOURCE_EXHAUSTED above all.
   */
  static create(ringBytesMax: number, kind?: SharedMemoryKind): Segment {
    verifyRingBytesMax(ringBytesMax);
    return Segment.over(createSharedMemory(segmentBytes(ringBytesMax), kind), ringBytesMax);
  }

  /**
   * Opens the one that a peer has created with the same `ringBytesMax`. Throws INVALID_ARGUMENT for a size that no ring
   * can have, and what `openSharedMemory` throws for a handle that is not what it should be.
   */
  static open(handle: SharedMemoryHandle, ringBytesMax: number, peer: Credentials): Segment {
    verifyRingBytesMax(ringBytesMax);
    return new Segment(openSharedMemory(handle, segmentBytes(ringBytesMax), peer), ringBytesMax);
  }

  /** One in memory that is there already and of the right size; releases it when its first bytes cannot be allocated. */
  static over(memory: SharedMemory, ringBytesMax: number): Segment {
    const segment = new Segment(memory, ringBytesMax);
    try {
      memory.allocate(0, CONTROL_BYTES + RING_BYTES_INITIAL);
      memory.allocate(segment.#dataOffset(1), RING_BYTES_INITIAL);
    } catch (error) {
      memory.release();
      throw error;
    }
    return segment;
  }

  /** How the peer finds it. */
  get handle(): SharedMemoryHandle {
    return this.#memory.handle;
  }

  /** The memory of one direction. */
  ring(index: RingIndex): RingMemory {
    const { buffer } = this.#memory;
    return {
      words: new Int32Array(buffer, index * RING_WORDS * Int32Array.BYTES_PER_ELEMENT, RING_WORDS),
      buffer,
      dataOffset: this.#dataOffset(index),
      bytesMax: this.#ringBytesMax,
    };
  }

  /**
   * Puts memory behind a ring's bytes from `fromBytes` to `toBytes`, before it grows to that size. False when the kernel has
   * none, or when the segment was released: the ring stays as it is.
   */
  allocateRing(index: RingIndex, fromBytes: number, toBytes: number): boolean {
    try {
      this.#memory.allocate(this.#dataOffset(index) + fromBytes, toBytes - fromBytes);
      return true;
    } catch (error) {
      if (error instanceof CellError && EXPECTED.has(error.code)) return false;
      throw error;
    }
  }

  /** Both sides have it, or never will: removes its name, where it has one. Either side may call it. */
  unlink(): void {
    this.#memory.unlink();
  }

  /** This side needs it no longer; what is still looked at through `ring` is zeros then. Idempotent. */
  release(): void {
    this.#memory.release();
  }

  #dataOffset(index: RingIndex): number {
    return CONTROL_BYTES + index * this.#ringBytesMax;
  }
}

/** What allocating a ring may end in without anybody being wrong. */
const EXPECTED: ReadonlySet<string> = new Set(["RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"]);

/** The peer may have said this number. */
function verifyRingBytesMax(ringBytesMax: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(ringBytesMax));
  if (isPowerOfTwo && ringBytesMax >= RING_BYTES_INITIAL && ringBytesMax <= RING_BYTES_MAX) return;
  throw new CellError(
    "INVALID_ARGUMENT",
    `sharing memory: expected rings of a power of two from ${RING_BYTES_INITIAL} to ${RING_BYTES_MAX} bytes, ` +
      `found ${ringBytesMax}`,
  );
}
