import type { CellError } from "../../base/mod.ts";
import type { Cursor } from "./cursor.ts";
import { failure, showText } from "./failure.ts";
import { arrayCount, bytesLength, mapCount, textLength } from "./header.ts";
import { isNumberLead, readBigint, readNumber } from "./number.ts";
import { readText } from "./text.ts";
import { readTimestamp } from "./timestamp.ts";

/** An error about the value that begins at `position`: what was expected, and what the bytes say that it is. */
export function wireMismatch(at: string, expected: string, cursor: Cursor, position: number): CellError {
  if (position >= cursor.end) return ended(at, expected);
  return failure(at, `expected ${expected}, found ${showWire(cursor, position)}`);
}

/** An error about a message that ends before the value does. */
export function ended(at: string, expected: string): CellError {
  return failure(at, `expected ${expected}, found the end of the message`);
}

/** An error about something that claims to be larger than what is left of the message. */
export function overlong(at: string, what: string, claimed: number, cursor: Cursor, position: number): CellError {
  const left = cursor.end - position;
  if (left < 0) return ended(at, what);
  return failure(at, `${what} of ${claimed} cannot be in the ${left} bytes that are left of the message`);
}

/** A value on the wire in a few words, in the words of `showValue`. */
function showWire(cursor: Cursor, start: number): string {
  const { bytes, end } = cursor;
  const lead = bytes[start]!;
  const before = cursor.position;
  cursor.position = start + 1;
  try {
    const shown = showFrom(cursor, lead);
    // A header that goes on past the end would tell of bytes that are not the message's.
    return cursor.position > end ? "the beginning of a value" : shown;
  } finally {
    cursor.position = before;
  }
}

function showFrom(cursor: Cursor, lead: number): string {
  const { bytes, end } = cursor;
  if (lead === 0xc0) return "null";
  if (lead === 0xc2) return "boolean false";
  if (lead === 0xc3) return "boolean true";
  if (isNumberLead(lead)) return showWireNumber(cursor, lead);
  const text = textLength(cursor, lead);
  if (text >= 0) {
    const stop = cursor.position + text;
    const value = stop <= end ? readText(bytes, cursor.position, stop) : undefined;
    return value === undefined ? "a broken string" : `string ${showText(value)}`;
  }
  const items = arrayCount(cursor, lead);
  if (items >= 0) return `array of ${items}`;
  const entries = mapCount(cursor, lead);
  if (entries >= 0) return `map of ${entries}`;
  const payload = bytesLength(cursor, lead);
  if (payload >= 0) return `binary data of ${payload} bytes`;
  const timeMs = readTimestamp(cursor, lead);
  if (timeMs !== undefined) return `Date ${new Date(timeMs).toISOString()}`;
  return lead === 0xc1 ? "the byte 0xc1, which begins nothing" : "an extension of another type or size";
}

function showWireNumber(cursor: Cursor, lead: number): string {
  const { position } = cursor;
  const value = readNumber(cursor, lead);
  if (value !== undefined) return `number ${Object.is(value, -0) ? "-0" : value}`;
  cursor.position = position;
  const exact = readBigint(cursor, lead);
  return exact === undefined ? "the beginning of a number" : `integer ${exact}`;
}
