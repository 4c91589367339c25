import { CellError } from "../base/mod.ts";
import { RECORD_ALIGNMENT, RING_BYTES_INITIAL } from "./layout.ts";

/** The memory of one direction. */
export interface RingMemory {
  /** From this ring's first control word on, as many as a ring has. See `Word`. */
  readonly words: Int32Array<ArrayBuffer>;
  /** Where the ring's bytes are, and the other ring's. */
  readonly buffer: ArrayBuffer;
  /** Where in `buffer` they begin. */
  readonly dataOffset: number;
  /** How many there are when the ring has grown as far as it can: a power of two. */
  readonly bytesMax: number;
}

/** Who is given a ring's records. */
export interface RecordSink {
  /** A record's bytes, where they lie in the ring: they may be overwritten as soon as this returns. */
  onRecord(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
}

/** How many bytes a new ring has. */
export function initialCapacity({ bytesMax }: RingMemory): number {
  return Math.min(RING_BYTES_INITIAL, bytesMax);
}

/** One side's own position at the start. Throws INVALID_ARGUMENT when no record can begin there. */
export function ownPosition({ words }: RingMemory, word: number, name: string): number {
  const position = Atomics.load(words, word);
  if ((position & (RECORD_ALIGNMENT - 1)) === 0) return position;
  throw new CellError(
    "INVALID_ARGUMENT",
    `opening a ring: expected its word "${name}" to be a multiple of ${RECORD_ALIGNMENT}, found ${position}`,
  );
}

/** The peer wrote a position that it cannot have reached. */
export function impossibleDistance(name: string, distance: number, bytesMax: number): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `reading a ring's word "${name}": expected at most ${bytesMax} unread bytes, a multiple of ${RECORD_ALIGNMENT}, ` +
      `found ${distance >>> 0}`,
  );
}
