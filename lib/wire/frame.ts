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
