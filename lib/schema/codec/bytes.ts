import { KIB, type Writer } from "../../base/mod.ts";
import { copy } from "./native.ts";

/**
 * Makes room for `count` bytes at `position`, which generated code keeps in a local variable. Gives the buffer, which
 * may be a new one.
 */
export function grow(writer: Writer, position: number, count: number): Uint8Array<ArrayBuffer> {
  const { length } = writer;
  writer.length = position;
  writer.reserve(count);
  writer.length = length;
  return writer.bytes;
}

/** Appends bytes with their header and gives the position after them. */
export function writeBytes(writer: Writer, position: number, value: Uint8Array): number {
  const count = value.length;
  const bytes = position + count + 5 > writer.bytes.length ? grow(writer, position, count + 5) : writer.bytes;
  if (count < 0x100) {
    bytes[position++] = 0xc4;
  } else if (count < 0x10000) {
    bytes[position++] = 0xc5;
    bytes[position++] = count >>> 8;
  } else {
    bytes[position++] = 0xc6;
    bytes[position++] = count >>> 24;
    bytes[position++] = count >>> 16;
    bytes[position++] = count >>> 8;
  }
  bytes[position++] = count;
  bytes.set(value, position);
  return position + count;
}

/** From here on making a view costs less than clearing the copy before it is filled. */
const VIEWED_BYTES_MIN = 1 * KIB;

/** A copy that holds on to nothing of the frame. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const count = end - start;
  if (count >= VIEWED_BYTES_MIN) return new Uint8Array(bytes.subarray(start, end));
  const own = new Uint8Array(count);
  copy.call(bytes, own, 0, start, end);
  return own;
}

/** Whether `expected` stands at `position`. */
export function matches(bytes: Uint8Array, position: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[position + index] !== expected[index]) return false;
  }
  return true;
}
