import { CellError, KIB, type Writer } from "../base/mod.ts";
import { Flag, type Frame, HEADER_BYTES, Kind } from "./frame.ts";

/** Longest payload of a goaway frame. */
export const GOAWAY_BYTES_MAX = 4 * KIB;
/** Longest payload of an upgrade frame. */
export const UPGRADE_BYTES_MAX = 1 * KIB;
/** A MessagePack unsigned integer of any width. */
export const CREDIT_BYTES_MAX = 9;

const UNBOUNDED = 0xffffffff;

/** By kind, the longest payload that makes sense; those of messages (request, response, error, item) are bounded by the reader's own limit. */
const PAYLOAD_BYTES_MAX: readonly number[] = (() => {
  const table: number[] = [];
  table[Kind.request] = UNBOUNDED;
  table[Kind.response] = UNBOUNDED;
  table[Kind.error] = UNBOUNDED;
  table[Kind.item] = UNBOUNDED;
  table[Kind.end] = 0;
  table[Kind.cancel] = 0;
  table[Kind.credit] = CREDIT_BYTES_MAX;
  table[Kind.ping] = 0;
  table[Kind.pong] = 0;
  table[Kind.goaway] = GOAWAY_BYTES_MAX;
  table[Kind.upgrade] = UPGRADE_BYTES_MAX;
  return table;
})();

/** By kind, the flags that may be set. */
const FLAGS_ALLOWED: readonly number[] = (() => {
  const table: number[] = new Array(Kind.upgrade + 1).fill(0);
  table[Kind.request] = Flag.metadata;
  table[Kind.item] = Flag.last;
  return table;
})();

/**
 * Writes a header with payload length 0 at the end of `writer` and returns where it begins, for `endFrame`. The payload
 * is then encoded behind it, in place.
 */
export function beginFrame(
  writer: Writer,
  kind: number,
  flags: number,
  method: number,
  callId: number,
  low: number,
  high: number,
): number {
  writer.reserve(HEADER_BYTES);
  const start = writer.length;
  const { view } = writer;
  view.setUint32(start, 0, true);
  view.setUint32(start + 4, kind | (flags << 8) | (method << 16), true);
  view.setUint32(start + 8, callId, true);
  view.setUint32(start + 12, low, true);
  view.setUint32(start + 16, high, true);
  writer.length = start + HEADER_BYTES;
  return start;
}

/** Puts the payload's length into the header at `start`: the frame is everything from there to the writer's end. */
export function endFrame(writer: Writer, start: number): void {
  writer.view.setUint32(start, writer.length - start - HEADER_BYTES, true);
}

/** Reads the 20 bytes at `offset` into `frame`'s header fields and returns the payload's length. Checks nothing. */
export function readHeader(bytes: Uint8Array, offset: number, frame: Frame): number {
  frame.kind = bytes[offset + 4]!;
  frame.flags = bytes[offset + 5]!;
  frame.method = bytes[offset + 6]! | (bytes[offset + 7]! << 8);
  frame.callId = readUint32(bytes, offset + 8);
  frame.low = readUint32(bytes, offset + 12);
  frame.high = readUint32(bytes, offset + 16);
  return readUint32(bytes, offset);
}

/** Throws INVALID_ARGUMENT when no correct peer sends this header: the connection is beyond repair then. */
export function checkHeader(frame: Frame, payloadBytes: number): void {
  const payloadBytesMax = PAYLOAD_BYTES_MAX[frame.kind];
  if (payloadBytesMax === undefined) {
    throw new CellError("INVALID_ARGUMENT", `reading a frame: expected a kind from 1 to 11, found ${frame.kind}`);
  }
  if ((frame.flags & ~FLAGS_ALLOWED[frame.kind]!) !== 0) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading a frame of kind ${frame.kind}: flags 0x${frame.flags.toString(16)} are not defined for it`,
    );
  }
  if (payloadBytes > payloadBytesMax) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading a frame of kind ${frame.kind}: expected at most ${payloadBytesMax} payload bytes, found ${payloadBytes}`,
    );
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}
