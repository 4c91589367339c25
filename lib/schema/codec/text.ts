import { KIB, type Writer } from "../../base/mod.ts";
import { grow } from "./bytes.ts";
import { byteLength, copy, latin1Slice, utf8Slice, utf8Write } from "./native.ts";

/** Up to here a loop over the characters beats the call into the runtime, which costs about 12 ns (measured on Bun). */
const LOOP_LENGTH_MAX = 16;
/** Up to here a loop that looks for bytes beyond ASCII beats taking the string for Latin-1 and measuring it. */
const ASCII_CHECK_BYTES_MAX = 64;
/** The first bytes of a longer text: mostly they tell already that it is not ASCII. */
const PEEKED_BYTES = 16;
/** Copies of texts that are not ASCII: the first of a short one makes this much room for all that follow, ... */
const OWN_BYTES_MIN = 1 * KIB;
/** ... the first of a longer one this much. Still longer ones get room of their own. */
const OWN_BYTES_MAX = 64 * KIB;
/** From here on a string is measured before room is made for it, instead of making room for the worst case. */
const MEASURE_LENGTH_MIN = 4096;
/** A UTF-16 code unit takes at most this many bytes in UTF-8. */
export const UTF8_BYTES_MAX = 3;

let strictDecoder: TextDecoder | undefined;
let own = new Uint8Array(0);

/** Appends a string with its header and gives the position after it; -1 for a string with a lone surrogate. */
export function writeText(writer: Writer, position: number, text: string): number {
  const length = text.length;
  if (length > LOOP_LENGTH_MAX) return writeLongText(writer, position, text);
  let bytes = writer.bytes;
  if (position + 1 + length > bytes.length) bytes = grow(writer, position, 1 + length);
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return writeLongText(writer, position, text);
    bytes[position + 1 + index] = unit;
  }
  bytes[position] = 0xa0 | length;
  return position + 1 + length;
}

function writeLongText(writer: Writer, position: number, text: string): number {
  const length = text.length;
  const bytesMax = length < MEASURE_LENGTH_MIN ? length * UTF8_BYTES_MAX : byteLength(text);
  let bytes = writer.bytes;
  if (position + HEADER_BYTES_MAX + bytesMax > bytes.length) {
    bytes = grow(writer, position, HEADER_BYTES_MAX + bytesMax);
  }
  // The header is as long as an ASCII string needs it; others may have to move.
  const guessedHeader = headerBytes(length);
  const count = utf8Write.call(bytes, text, position + guessedHeader);
  if (count !== length && !text.isWellFormed()) return -1;
  const header = headerBytes(count);
  if (header !== guessedHeader) {
    bytes.copyWithin(position + header, position + guessedHeader, position + guessedHeader + count);
  }
  writeHeader(bytes, position, count);
  return position + header + count;
}

const HEADER_BYTES_MAX = 5;

function headerBytes(count: number): number {
  return count < 32 ? 1 : count < 0x100 ? 2 : count < 0x10000 ? 3 : HEADER_BYTES_MAX;
}

function writeHeader(bytes: Uint8Array, position: number, count: number): void {
  if (count < 32) bytes[position] = 0xa0 | count;
  else if (count < 0x100) {
    bytes[position] = 0xd9;
    bytes[position + 1] = count;
  } else if (count < 0x10000) {
    bytes[position] = 0xda;
    bytes[position + 1] = count >>> 8;
    bytes[position + 2] = count;
  } else {
    bytes[position] = 0xdb;
    bytes[position + 1] = count >>> 24;
    bytes[position + 2] = count >>> 16;
    bytes[position + 3] = count >>> 8;
    bytes[position + 4] = count;
  }
}

/**
 * The string that the bytes from `start` to `end` hold; undefined if they are not UTF-8.
 *
 * The bytes may change at any moment (`mod.ts`). What the runtime has for UTF-8 measures first and converts afterwards,
 * so it gets only bytes that nobody else can write. Latin-1 needs no measuring: such a string has as many characters as
 * there are bytes, and what was looked at first may only differ from what is in it.
 */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const count = end - start;
  if (count > ASCII_CHECK_BYTES_MAX) return readLongText(bytes, start, end);
  if (count === 0) return "";
  let union = 0;
  for (let index = start; index < end; index++) union |= bytes[index]!;
  return union < 0x80 ? latin1Slice.call(bytes, start, end) : readUtf8(bytes, start, end);
}

function readLongText(bytes: Uint8Array, start: number, end: number): string | undefined {
  let union = 0;
  for (let index = start; index < start + PEEKED_BYTES; index++) union |= bytes[index]!;
  if (union >= 0x80) return readUtf8(bytes, start, end);
  const text = latin1Slice.call(bytes, start, end);
  return byteLength(text) === end - start ? text : readUtf8(bytes, start, end);
}

/** Reads from a copy of its own. */
function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const count = end - start;
  const own = ownBytes(count);
  copy.call(bytes, own, 0, start, end);
  const text = utf8Slice.call(own, 0, count);
  return text.includes("\ufffd") ? readStrictly(own.subarray(0, count)) : text;
}

function ownBytes(count: number): Uint8Array {
  if (count > OWN_BYTES_MAX) return new Uint8Array(count);
  if (own.length < count) own = new Uint8Array(count <= OWN_BYTES_MIN ? OWN_BYTES_MIN : OWN_BYTES_MAX);
  return own;
}

/** The runtime's slice puts replacement characters where UTF-8 is broken; only now is it worth telling them apart. */
function readStrictly(own: Uint8Array): string | undefined {
  strictDecoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return strictDecoder.decode(own);
  } catch {
    return undefined;
  }
}

/** Keys of up to this many bytes are kept, each in the one place that its hash says: at most 256 of them. */
const KEPT_KEY_BYTES_MAX = 32;
const KEPT_KEYS_MASK = 0xff;
const keptKeys: string[] = [];

/**
 * The same for a key of a dictionary. Keys come again and again, and a string that has been a key before is found in
 * an object much faster than an equal new one. (Other strings are not kept: most values come once.)
 */
export function readKeyText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const count = end - start;
  if (count === 0 || count > KEPT_KEY_BYTES_MAX) return readText(bytes, start, end);
  const hash = (bytes[start]! * 31 + bytes[end - 1]!) * 31 + bytes[start + (count >> 1)]! * 7 + count * 131;
  const place = hash & KEPT_KEYS_MASK;
  const kept = keptKeys[place];
  if (kept !== undefined && kept.length === count) {
    let index = 0;
    while (index < count && kept.charCodeAt(index) === bytes[start + index]) index++;
    if (index === count) return kept;
  }
  const text = readText(bytes, start, end);
  if (text !== undefined && text.length === count) keptKeys[place] = text;
  return text;
}
