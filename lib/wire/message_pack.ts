import { CellError, type Writer } from "../base/mod.ts";

/**
 * The little MessagePack that the protocol itself speaks: unsigned integers and skipping what is not understood. Values of
 * user types are `lib/schema`'s business.
 */

/** The most bytes that an unsigned integer takes. */
export const UINT_BYTES_MAX = 9;

/** Appends an unsigned integer below 2^53 in its shortest form. */
export function writeUint(writer: Writer, value: number): void {
  writer.reserve(UINT_BYTES_MAX);
  const { view } = writer;
  const at = writer.length;
  if (value < 0x80) {
    view.setUint8(at, value);
    writer.length = at + 1;
  } else if (value < 0x100) {
    view.setUint16(at, 0xcc00 | value);
    writer.length = at + 2;
  } else if (value < 0x10000) {
    view.setUint8(at, 0xcd);
    view.setUint16(at + 1, value);
    writer.length = at + 3;
  } else if (value < 0x100000000) {
    view.setUint8(at, 0xce);
    view.setUint32(at + 1, value);
    writer.length = at + 5;
  } else {
    view.setUint8(at, 0xcf);
    view.setUint32(at + 1, Math.floor(value / 0x100000000));
    view.setUint32(at + 5, value >>> 0);
    writer.length = at + 9;
  }
}

/** A place in bytes from outside. Every step is checked against `end`. */
export class Cursor {
  constructor(readonly bytes: Uint8Array, public offset: number, readonly end: number) {}

  byte(): number {
    if (this.offset >= this.end) throw truncated(this.offset, 1, 0);
    return this.bytes[this.offset++]!;
  }

  /** A big-endian number of 1, 2, 4 or 8 bytes. */
  number(byteCount: number): number {
    let value = 0;
    for (let index = 0; index < byteCount; index++) value = value * 256 + this.byte();
    return value;
  }

  /** Steps over `count` bytes and returns where they begin. */
  skip(count: number): number {
    const start = this.offset;
    if (count > this.end - start) throw truncated(start, count, this.end - start);
    this.offset = start + count;
    return start;
  }
}

/** Reads a number from 0 on, in any format; its fraction is dropped, and one above 2^53 comes back rounded. */
export function readUint(cursor: Cursor): number {
  const at = cursor.offset;
  const head = cursor.byte();
  if (head < 0x80) return head;
  if (head >= 0xcc && head <= 0xcf) return cursor.number(1 << (head - 0xcc));
  const value = readUnusual(cursor, head);
  if (value >= 0 && value < Infinity) return Math.floor(value);
  throw new CellError(
    "INVALID_ARGUMENT",
    `byte ${at}: expected an unsigned integer, found type 0x${head.toString(16)}`,
  );
}

/** A copy of one number: a view of the message would hold on to its memory. */
const scratch = new DataView(new ArrayBuffer(8));

/** A number in a format that is not made for unsigned ones; NaN for anything else. */
function readUnusual(cursor: Cursor, head: number): number {
  const byteCount = head === 0xca ? 4 : head === 0xcb ? 8 : head >= 0xd0 && head <= 0xd3 ? 1 << (head - 0xd0) : 0;
  if (byteCount === 0) return NaN;
  for (let index = 0; index < byteCount; index++) scratch.setUint8(index, cursor.byte());
  if (head === 0xca) return scratch.getFloat32(0);
  if (head === 0xcb) return scratch.getFloat64(0);
  return byteCount === 8
    ? Number(scratch.getBigInt64(0))
    : byteCount === 4
    ? scratch.getInt32(0)
    : byteCount === 2
    ? scratch.getInt16(0)
    : scratch.getInt8(0);
}

/** Reads the head of a map and returns how many entries follow. */
export function readMapHead(cursor: Cursor): number {
  const at = cursor.offset;
  const head = cursor.byte();
  if (head >= 0x80 && head <= 0x8f) return head & 0x0f;
  if (head === 0xde) return cursor.number(2);
  if (head === 0xdf) return cursor.number(4);
  throw new CellError("INVALID_ARGUMENT", `byte ${at}: expected a map, found type 0x${head.toString(16)}`);
}

/** Reads the head of a string and returns how many bytes follow. */
export function readStringHead(cursor: Cursor): number {
  const at = cursor.offset;
  const head = cursor.byte();
  if (head >= 0xa0 && head <= 0xbf) return head & 0x1f;
  if (head >= 0xd9 && head <= 0xdb) return cursor.number(1 << (head - 0xd9));
  throw new CellError("INVALID_ARGUMENT", `byte ${at}: expected a string, found type 0x${head.toString(16)}`);
}

/** Longest string that `readAscii` reads. */
export const ASCII_LENGTH_MAX = 255;

/** The bytes of one string. They are checked and decoded here: those of the message may change in between. */
const text = new Uint8Array(ASCII_LENGTH_MAX);
/** Its beginnings, by their length. */
const textViews: Uint8Array[] = [];
const decoder = new TextDecoder();

/**
 * Reads a string that only has printable ASCII, of at most ASCII_LENGTH_MAX characters; undefined for any other string.
 * When it is the same as `previous`, that string is returned and nothing is made.
 */
export function readAscii(cursor: Cursor, previous?: string): string | undefined {
  const length = readStringHead(cursor);
  const start = cursor.skip(length);
  if (length > ASCII_LENGTH_MAX) return undefined;
  const { bytes } = cursor;
  if (previous !== undefined && previous.length === length) {
    let index = 0;
    while (index < length && bytes[start + index] === previous.charCodeAt(index)) index++;
    if (index === length) return previous;
  }
  for (let index = 0; index < length; index++) {
    const code = bytes[start + index]!;
    if (code < 0x20 || code > 0x7e) return undefined;
    text[index] = code;
  }
  return decoder.decode(textViews[length] ??= text.subarray(0, length));
}

/**
 * Steps over one value of any type. Nesting costs a counter, not the stack: whatever is announced must be paid for with
 * bytes that are there.
 */
export function skipValue(cursor: Cursor): void {
  for (let values = 1; values > 0; values--) {
    const at = cursor.offset;
    const head = cursor.byte();
    if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue;
    if (head <= 0x8f) values += (head & 0x0f) * 2;
    else if (head <= 0x9f) values += head & 0x0f;
    else if (head <= 0xbf) cursor.skip(head & 0x1f);
    else if (head === 0xc1) throw new CellError("INVALID_ARGUMENT", `byte ${at}: 0xc1 is not MessagePack`);
    else if (head <= 0xc6) cursor.skip(cursor.number(1 << (head - 0xc4)));
    else if (head <= 0xc9) cursor.skip(cursor.number(1 << (head - 0xc7)) + 1);
    else if (head <= 0xcb) cursor.skip(head === 0xca ? 4 : 8);
    else if (head <= 0xd3) cursor.skip(1 << ((head - 0xcc) & 3));
    else if (head <= 0xd8) cursor.skip((1 << (head - 0xd4)) + 1);
    else if (head <= 0xdb) cursor.skip(cursor.number(1 << (head - 0xd9)));
    else if (head <= 0xdd) values += cursor.number(head === 0xdc ? 2 : 4);
    else values += cursor.number(head === 0xde ? 2 : 4) * 2;
  }
}

function truncated(offset: number, needed: number, left: number): CellError {
  return new CellError("INVALID_ARGUMENT", `byte ${offset}: expected ${needed} more bytes, found ${left}`);
}
