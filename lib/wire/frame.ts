/** Bytes in front of every payload. */
export const HEADER_BYTES = 20;

/** What a frame is for: the header's byte 4. */
export const Kind = {
  request: 1,
  response: 2,
  error: 3,
  item: 4,
  end: 5,
  cancel: 6,
  credit: 7,
  ping: 8,
  pong: 9,
  goaway: 10,
  /** Moves a connection into shared memory (lib/shm), and wakes the other side afterwards. */
  upgrade: 11,
} as const;

/** The header's byte 5. */
export const Flag = {
  /** A request's payload begins with a metadata map. */
  metadata: 1,
  /** This item is the last one of its direction: it counts as an item and an end. */
  last: 2,
  /** Reserved; a frame that sets it is refused. */
  compressed: 4,
} as const;

/** One received frame: its header's fields, and its payload as the range [start, end) of `bytes`. */
export interface Frame {
  kind: number;
  flags: number;
  method: number;
  callId: number;
  /** Bytes 12 to 15 of the header, as a little-endian number. */
  low: number;
  /** Bytes 16 to 19 of the header, as a little-endian number. */
  high: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}
