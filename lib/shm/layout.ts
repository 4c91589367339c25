import { assert, KIB, MIB } from "../base/mod.ts";

/** The control words have a page of their own; the rings' bytes follow it. */
export const CONTROL_BYTES = 4 * KIB;
/** What a ring begins with: enough for hundreds of small calls, little enough for hundreds of connections. */
export const RING_BYTES_INITIAL = 32 * KIB;
/** What a ring grows to at most. */
export const RING_BYTES_MAX = 1 * MIB;
/** Every record begins at a multiple of this, so its first word never straddles two cache lines. */
export const RECORD_ALIGNMENT = 8;
/** In front of every record: how many bytes it has, or a marker. */
export const RECORD_HEADER_BYTES = 4;

/**
 * Markers instead of a record's length. Both end the lap: the next record lies where the next lap begins. After `grow` the
 * ring has twice as many bytes.
 */
export const Marker = { wrap: -1, grow: -2 } as const;

/**
 * Where a ring's control words are, as indices of 32-bit words from the ring's first one. Each has a pair of cache lines of
 * its own (processors fetch them in pairs), so that neither side takes a line away that the other one is writing.
 */
export const Word = {
  /** Bytes ever produced, modulo 2^32. Written by the producer. */
  tail: 0,
  /** Bytes ever consumed, modulo 2^32. Written by the consumer. */
  head: 32,
  /** 1 while the consumer sleeps and wants the doorbell when there is a record. Set by the consumer, cleared by both. */
  consumerSleeps: 64,
  /** 1 while the producer waits for room and wants the doorbell. Set by the producer, cleared by both. */
  producerWaits: 96,
} as const;

/** Control words of one ring. */
export const RING_WORDS = 128;

/** A segment with two rings of at most `ringBytesMax`. */
export function segmentBytes(ringBytesMax: number): number {
  return CONTROL_BYTES + 2 * ringBytesMax;
}

assert(
  2 * RING_WORDS * Int32Array.BYTES_PER_ELEMENT <= CONTROL_BYTES,
  "the control words of both rings fit their page",
);
assert(Number.isInteger(Math.log2(RING_BYTES_INITIAL)), "rings have a power of two of bytes");
assert(Number.isInteger(Math.log2(RING_BYTES_MAX)), "rings have a power of two of bytes");
