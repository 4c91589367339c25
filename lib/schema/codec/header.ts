import type { Cursor } from "./cursor.ts";

/** The most bytes that the header of an array or a map takes. */
export const HEADER_BYTES_MAX = 5;

function read16(cursor: Cursor): number {
  const { bytes, position } = cursor;
  cursor.position = position + 2;
  return (bytes[position]! << 8) | bytes[position + 1]!;
}

function read32(cursor: Cursor): number {
  const { bytes, position } = cursor;
  cursor.position = position + 4;
  return ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) |
    bytes[position + 3]!) >>>
    0;
}

/** Past the end of the buffer there is undefined; as 0 it is found out by the position, which is past the end too. */
function read8(cursor: Cursor): number {
  return cursor.bytes[cursor.position++]! | 0;
}

/** How many bytes the string takes that begins with `lead`; the cursor stands behind it and is moved. -1: no string. */
export function textLength(cursor: Cursor, lead: number): number {
  if (lead >= 0xa0 && lead < 0xc0) return lead & 0x1f;
  if (lead === 0xd9) return read8(cursor);
  if (lead === 0xda) return read16(cursor);
  if (lead === 0xdb) return read32(cursor);
  return -1;
}

/** The same for binary data. */
export function bytesLength(cursor: Cursor, lead: number): number {
  if (lead === 0xc4) return read8(cursor);
  if (lead === 0xc5) return read16(cursor);
  if (lead === 0xc6) return read32(cursor);
  return -1;
}

/** How many elements the array has that begins with `lead`; -1: no array. */
export function arrayCount(cursor: Cursor, lead: number): number {
  if (lead >= 0x90 && lead < 0xa0) return lead & 0x0f;
  if (lead === 0xdc) return read16(cursor);
  if (lead === 0xdd) return read32(cursor);
  return -1;
}

/** How many entries the map has that begins with `lead`; -1: no map. */
export function mapCount(cursor: Cursor, lead: number): number {
  if (lead >= 0x80 && lead < 0x90) return lead & 0x0f;
  if (lead === 0xde) return read16(cursor);
  if (lead === 0xdf) return read32(cursor);
  return -1;
}

/** Writes the header of an array and gives the position after it. */
export function writeArrayHeader(bytes: Uint8Array, position: number, count: number): number {
  return writeHeader(bytes, position, count, 0x90, 0xdc);
}

/** Writes the header of a map and gives the position after it. */
export function writeMapHeader(bytes: Uint8Array, position: number, count: number): number {
  return writeHeader(bytes, position, count, 0x80, 0xde);
}

function writeHeader(bytes: Uint8Array, position: number, count: number, short: number, lead16: number): number {
  if (count < 16) {
    bytes[position] = short | count;
    return position + 1;
  }
  if (count < 0x10000) {
    bytes[position] = lead16;
    bytes[position + 1] = count >>> 8;
    bytes[position + 2] = count;
    return position + 3;
  }
  bytes[position] = lead16 + 1;
  bytes[position + 1] = count >>> 24;
  bytes[position + 2] = count >>> 16;
  bytes[position + 3] = count >>> 8;
  bytes[position + 4] = count;
  return position + HEADER_BYTES_MAX;
}
