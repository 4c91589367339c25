import type { Cursor } from "./cursor.ts";
import { arrayCount, bytesLength, mapCount, textLength } from "./header.ts";

/** Bytes of what begins with 0xc0 to 0xdf, apart from the lead, where that does not depend on a length. -1: it does. */
const FIXED_BYTES = [
  0,
  -1,
  0,
  0,
  -1,
  -1,
  -1,
  -1,
  -1,
  -1,
  4,
  8,
  1,
  2,
  4,
  8,
  1,
  2,
  4,
  8,
  2,
  3,
  5,
  9,
  17,
  -1,
  -1,
  -1,
  -1,
  -1,
  -1,
  -1,
];

/**
 * Moves the cursor behind the value at which it stands, whatever it is. It takes no stack: elements that are still to
 * come are only counted, and never more of them than bytes are left. Gives how many values that were, counting those
 * inside; -1 if the bytes are not a value.
 */
export function skip(cursor: Cursor): number {
  const { bytes, end } = cursor;
  let pending = 1;
  let passed = 0;
  while (pending > 0) {
    if (pending > end - cursor.position) return -1;
    pending--;
    passed++;
    const lead = bytes[cursor.position++]!;
    if (lead < 0x80 || lead >= 0xe0) continue;
    const fixed = lead < 0xc0 ? -1 : FIXED_BYTES[lead - 0xc0]!;
    if (fixed >= 0) {
      cursor.position += fixed;
      continue;
    }
    const count = arrayCount(cursor, lead);
    if (count >= 0) {
      pending += count;
      continue;
    }
    const entries = mapCount(cursor, lead);
    if (entries >= 0) {
      pending += entries * 2;
      continue;
    }
    const length = payloadBytes(cursor, lead);
    if (length < 0) return -1;
    cursor.position += length;
  }
  return cursor.position <= end ? passed : -1;
}

/** Bytes of a string, binary data or an extension of any length; -1: 0xc1, which means nothing. */
function payloadBytes(cursor: Cursor, lead: number): number {
  const text = textLength(cursor, lead);
  if (text >= 0) return text;
  if (lead >= 0xc7 && lead <= 0xc9) return bytesLength(cursor, lead - 3) + 1;
  return bytesLength(cursor, lead);
}
