import type { Cursor } from "./cursor.ts";

/** The most bytes that a timestamp takes: lead, length, type, 4 of nanoseconds, 8 of seconds. */
export const TIMESTAMP_BYTES_MAX = 15;

/** The extension type of timestamps, -1. */
const TIMESTAMP = 0xff;
const NANOSECONDS_PER_MS = 1_000_000;
const NANOSECONDS_MAX = 999_999_999;
/** The most milliseconds from 1970 that a Date holds; ECMA-262 section 21.4.1.1. */
const DATE_MS_MAX = 8.64e15;

/** Writes a time in the shortest of the three timestamp formats and gives the position after it. */
export function writeTimestamp(view: DataView, position: number, timeMs: number): number {
  const seconds = Math.floor(timeMs / 1000);
  const nanoseconds = (timeMs - seconds * 1000) * NANOSECONDS_PER_MS;
  if (seconds < 0 || seconds >= 2 ** 34) {
    view.setUint32(position, 0xc70cff00);
    view.setUint32(position + 3, nanoseconds);
    view.setInt32(position + 7, Math.floor(seconds / 2 ** 32));
    view.setUint32(position + 11, seconds % 2 ** 32);
    return position + TIMESTAMP_BYTES_MAX;
  }
  if (nanoseconds === 0 && seconds < 2 ** 32) {
    view.setUint16(position, 0xd6ff);
    view.setUint32(position + 2, seconds);
    return position + 6;
  }
  view.setUint16(position, 0xd7ff);
  view.setUint32(position + 2, nanoseconds * 4 + Math.floor(seconds / 2 ** 32));
  view.setUint32(position + 6, seconds % 2 ** 32);
  return position + 10;
}

/**
 * The milliseconds of the timestamp that begins with `lead`; the cursor stands behind it and is moved. Parts of a
 * millisecond are cut off. undefined if it is no timestamp, or no time that a Date holds.
 */
export function readTimestamp(cursor: Cursor, lead: number): number | undefined {
  const { bytes, position } = cursor;
  let nanoseconds = 0;
  let seconds: number;
  if (lead === 0xd6 && bytes[position] === TIMESTAMP) {
    seconds = uint32(bytes, position + 1);
    cursor.position = position + 5;
  } else if (lead === 0xd7 && bytes[position] === TIMESTAMP) {
    const high = uint32(bytes, position + 1);
    nanoseconds = high >>> 2;
    seconds = (high & 3) * 2 ** 32 + uint32(bytes, position + 5);
    cursor.position = position + 9;
  } else if (lead === 0xc7 && bytes[position] === 12 && bytes[position + 1] === TIMESTAMP) {
    nanoseconds = uint32(bytes, position + 2);
    seconds = (uint32(bytes, position + 6) | 0) * 2 ** 32 + uint32(bytes, position + 10);
    cursor.position = position + 14;
  } else return undefined;
  const timeMs = seconds * 1000 + Math.floor(nanoseconds / NANOSECONDS_PER_MS);
  return nanoseconds > NANOSECONDS_MAX || Math.abs(timeMs) > DATE_MS_MAX ? undefined : timeMs;
}

function uint32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!
  ) >>> 0;
}
