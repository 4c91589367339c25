import type { Cursor } from "./cursor.ts";
import { readBigInt64, readBigUint64, readFloat32, readFloat64, readInt32 } from "./float.ts";

/** The most bytes that a number takes. */
export const NUMBER_BYTES_MAX = 9;

/** Writes an integer of at most 32 bits in its shortest form and gives the position after it. */
export function writeInteger(bytes: Uint8Array, position: number, value: number): number {
  if (value >= 0) {
    if (value < 0x80) {
      bytes[position] = value;
      return position + 1;
    }
    if (value < 0x100) {
      bytes[position] = 0xcc;
      bytes[position + 1] = value;
      return position + 2;
    }
    if (value < 0x10000) {
      bytes[position] = 0xcd;
      bytes[position + 1] = value >>> 8;
      bytes[position + 2] = value;
      return position + 3;
    }
    bytes[position] = 0xce;
  } else {
    if (value >= -0x20) {
      bytes[position] = value;
      return position + 1;
    }
    if (value >= -0x80) {
      bytes[position] = 0xd0;
      bytes[position + 1] = value;
      return position + 2;
    }
    if (value >= -0x8000) {
      bytes[position] = 0xd1;
      bytes[position + 1] = value >> 8;
      bytes[position + 2] = value;
      return position + 3;
    }
    bytes[position] = 0xd2;
  }
  bytes[position + 1] = value >>> 24;
  bytes[position + 2] = value >>> 16;
  bytes[position + 3] = value >>> 8;
  bytes[position + 4] = value;
  return position + 5;
}

/** Writes a number, as an integer where that is shorter, and gives the position after it. */
export function writeNumber(bytes: Uint8Array, view: DataView, position: number, value: number): number {
  if ((value | 0) === value || value >>> 0 === value) {
    if (value !== 0 || 1 / value > 0) return writeInteger(bytes, position, value);
  }
  bytes[position] = 0xcb;
  view.setFloat64(position + 1, value);
  return position + NUMBER_BYTES_MAX;
}

function readUnsigned(bytes: Uint8Array, position: number, count: 1 | 2 | 4): number {
  let value = bytes[position]!;
  for (let index = 1; index < count; index++) value = value * 0x100 + bytes[position + index]!;
  return value;
}

/**
 * The number after the byte `lead`, whatever its form; the cursor stands behind `lead` and is moved. undefined if it is
 * no number, an integer that a number does not hold exactly, or not there in full.
 */
export function readNumber(cursor: Cursor, lead: number): number | undefined {
  const { bytes, position } = cursor;
  if (lead < 0x80) return lead;
  if (lead >= 0xe0) return lead - 0x100;
  if (position + 8 > cursor.end && position + payloadBytes(lead) > cursor.end) return undefined;
  switch (lead) {
    case 0xcc:
      cursor.position = position + 1;
      return bytes[position]!;
    case 0xcd:
      cursor.position = position + 2;
      return (bytes[position]! << 8) | bytes[position + 1]!;
    case 0xce:
      cursor.position = position + 4;
      return readUnsigned(bytes, position, 4);
    case 0xd0:
      cursor.position = position + 1;
      return (bytes[position]! << 24) >> 24;
    case 0xd1:
      cursor.position = position + 2;
      return ((bytes[position]! << 24) >> 16) | bytes[position + 1]!;
    case 0xd2:
      cursor.position = position + 4;
      return readUnsigned(bytes, position, 4) | 0;
    case 0xca:
      cursor.position = position + 4;
      return readFloat32(bytes, position);
    case 0xcb:
      cursor.position = position + 8;
      return readFloat64(bytes, position);
    case 0xcf:
    case 0xd3: {
      cursor.position = position + 8;
      const high = readInt32(bytes, position);
      const value = (lead === 0xd3 ? high : high >>> 0) * 2 ** 32 + (readInt32(bytes, position + 4) >>> 0);
      return Number.isSafeInteger(value) ? value : undefined;
    }
    default:
      return undefined;
  }
}

/** Bytes after a lead from 0xca to 0xd3. */
function payloadBytes(lead: number): number {
  return lead < 0xcc ? 4 << (lead - 0xca) : 1 << (lead & 3);
}

/** The integer after the byte `lead` as a bigint, likewise; undefined if it is no integer. */
export function readBigint(cursor: Cursor, lead: number): bigint | undefined {
  const { position } = cursor;
  if (lead === 0xcf || lead === 0xd3) {
    if (position + 8 > cursor.end) return undefined;
    cursor.position = position + 8;
    return lead === 0xcf ? readBigUint64(cursor.bytes, position) : readBigInt64(cursor.bytes, position);
  }
  if (lead === 0xca || lead === 0xcb) return undefined;
  const value = readNumber(cursor, lead);
  return value === undefined ? undefined : BigInt(value);
}

/** Whether `lead` begins a number. */
export function isNumberLead(lead: number): boolean {
  return lead < 0x80 || lead >= 0xe0 || (lead >= 0xca && lead <= 0xd3);
}
