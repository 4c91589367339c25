import type { Writer } from "../../base/mod.ts";
import { copyBytes, grow, writeBytes } from "./bytes.ts";
import { type Cursor, ELEMENTS_MAX, NESTING_MAX } from "./cursor.ts";
import { failure, forbiddenKey, keyed, showValue } from "./failure.ts";
import { arrayCount, bytesLength, mapCount, textLength, writeArrayHeader, writeMapHeader } from "./header.ts";
import { isNumberLead, NUMBER_BYTES_MAX, readBigint, readNumber, writeNumber } from "./number.ts";
import { readText, writeText } from "./text.ts";
import { readTimestamp, TIMESTAMP_BYTES_MAX, writeTimestamp } from "./timestamp.ts";

/** What `readUnknown` gives for bytes that hold no value, or one that is refused. */
export const NOTHING = Symbol("no value");

const LEAST_BIGINT = -(2n ** 63n);
const GREATEST_BIGINT = 2n ** 64n - 1n;

/**
 * Writes any value that MessagePack can carry and gives the position after it; -1 if there is something in it that it
 * cannot: a function, a symbol, a Promise, a string with a lone surrogate, an invalid Date, a bigint of more than 64 bits, a cycle.
 */
export function writeUnknown(writer: Writer, position: number, value: unknown, depth: number): number {
  if (typeof value === "string") return writeText(writer, position, value);
  if (position + TIMESTAMP_BYTES_MAX > writer.bytes.length) grow(writer, position, TIMESTAMP_BYTES_MAX);
  switch (typeof value) {
    case "number":
      return writeNumber(writer.bytes, writer.view, position, value);
    case "boolean":
      writer.bytes[position] = value ? 0xc3 : 0xc2;
      return position + 1;
    case "undefined":
      writer.bytes[position] = 0xc0;
      return position + 1;
    case "bigint":
      return writeBigint(writer, position, value);
    case "object":
      if (value !== null) return depth > NESTING_MAX ? -1 : writeObject(writer, position, value, depth);
      writer.bytes[position] = 0xc0;
      return position + 1;
    default:
      return -1;
  }
}

function writeBigint(writer: Writer, position: number, value: bigint): number {
  if (value < LEAST_BIGINT || value > GREATEST_BIGINT) return -1;
  if (value < 0n) {
    writer.bytes[position] = 0xd3;
    writer.view.setBigInt64(position + 1, value);
  } else {
    writer.bytes[position] = 0xcf;
    writer.view.setBigUint64(position + 1, value);
  }
  return position + NUMBER_BYTES_MAX;
}

function writeObject(writer: Writer, position: number, value: object, depth: number): number {
  if (Array.isArray(value)) return writeList(writer, position, value, value.length, depth);
  if (value instanceof Uint8Array) return writeBytes(writer, position, value);
  if (value instanceof Date) {
    const timeMs = value.getTime();
    return Number.isNaN(timeMs) ? -1 : writeTimestamp(writer.view, position, timeMs);
  }
  if (value instanceof Map) return writeEntries(writer, position, [...value], depth);
  if (value instanceof Set) return writeList(writer, position, value, value.size, depth);
  if (isOpaque(value)) return -1;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return writeEntries(writer, position, entries, depth);
}

function writeList(writer: Writer, position: number, items: Iterable<unknown>, count: number, depth: number): number {
  let end = writeArrayHeader(writer.bytes, position, count);
  for (const item of items) {
    end = writeUnknown(writer, end, item, depth + 1);
    if (end < 0) return -1;
  }
  return end;
}

function writeEntries(writer: Writer, position: number, entries: [unknown, unknown][], depth: number): number {
  let end = writeMapHeader(writer.bytes, position, entries.length);
  for (const [key, value] of entries) {
    if (key === "__proto__") return -1;
    end = writeUnknown(writer, end, key, depth + 1);
    if (end < 0) return -1;
    end = writeUnknown(writer, end, value, depth + 1);
    if (end < 0) return -1;
  }
  return end;
}

/** Objects that hold what no property shows: they would arrive empty, or as something else. */
function isOpaque(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Promise ||
    value instanceof RegExp;
}

/** Why `writeUnknown` refuses a value, with the place inside it. */
export function explainUnknown(value: unknown, at: string, depth: number): Error | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed()
        ? undefined
        : failure(at, "expected Unicode text, found a string with a lone surrogate");
    case "bigint":
      if (value >= LEAST_BIGINT && value <= GREATEST_BIGINT) return undefined;
      return failure(at, `expected a bigint of at most 64 bits, found ${showValue(value)}`);
    case "function":
    case "symbol":
      return failure(at, `expected a value that can be sent, found ${typeof value}`);
    case "object":
      return value === null ? undefined : explainObject(value, at, depth);
    default:
      return undefined;
  }
}

function explainObject(value: object, at: string, depth: number): Error | undefined {
  if (depth > NESTING_MAX) return failure(at, `expected at most ${NESTING_MAX} levels, found more; is there a cycle?`);
  if (value instanceof Uint8Array) return undefined;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? failure(at, "expected a valid Date, found an invalid Date") : undefined;
  }
  if (Array.isArray(value) || value instanceof Set) {
    let index = 0;
    for (const item of value) {
      const problem = explainUnknown(item, `${at}[${index++}]`, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (isOpaque(value)) {
    return failure(
      at,
      `expected a value that can be sent, found ${Object.prototype.toString.call(value).slice(8, -1)}`,
    );
  }
  for (const [key, entry] of value instanceof Map ? value : Object.entries(value)) {
    if (key === "__proto__") return forbiddenKey(at);
    const problem = explainUnknown(key, `${at} key`, depth + 1) ?? explainUnknown(entry, keyed(at, key), depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Reads whatever stands at the cursor and moves it; NOTHING if it is refused, and `cursor.problem` then says why. */
export function readUnknown(cursor: Cursor, depth: number): unknown {
  const { bytes, end } = cursor;
  if (cursor.position >= end) return refuse(cursor, "expected a value, found the end of the message");
  const lead = bytes[cursor.position++]!;
  if (lead < 0x80) return lead;
  const length = textLength(cursor, lead);
  if (length >= 0) {
    const start = cursor.position;
    if (length > end - start) return refuseClaim(cursor, "a string", length);
    cursor.position = start + length;
    return readText(bytes, start, cursor.position) ?? refuse(cursor, "expected UTF-8, found other bytes");
  }
  if (isNumberLead(lead)) return readAnyNumber(cursor, lead);
  if (lead === 0xc0) return null;
  if (lead === 0xc2) return false;
  if (lead === 0xc3) return true;
  const items = arrayCount(cursor, lead);
  if (items >= 0) return readItems(cursor, items, depth);
  const entries = mapCount(cursor, lead);
  if (entries >= 0) return readEntries(cursor, entries, depth);
  const payload = bytesLength(cursor, lead);
  if (payload >= 0) {
    const start = cursor.position;
    if (payload > end - start) return refuseClaim(cursor, "binary data", payload);
    cursor.position = start + payload;
    return copyBytes(bytes, start, cursor.position);
  }
  const timeMs = readTimestamp(cursor, lead);
  if (timeMs !== undefined && cursor.position <= end) return new Date(timeMs);
  return refuse(cursor, `expected a value, found the byte 0x${lead.toString(16)}, which begins none that is known`);
}

function refuse(cursor: Cursor, problem: string): typeof NOTHING {
  cursor.problem = problem;
  return NOTHING;
}

function refuseClaim(cursor: Cursor, what: string, claimed: number): typeof NOTHING {
  const left = cursor.end - cursor.position;
  if (left < 0) return refuse(cursor, `expected ${what}, found the end of the message`);
  return refuse(cursor, `${what} of ${claimed} cannot be in the ${left} bytes that are left of the message`);
}

/** A 64-bit integer that a number holds exactly is a number, any other a bigint. */
function readAnyNumber(cursor: Cursor, lead: number): unknown {
  const { position } = cursor;
  let value: number | bigint | undefined = readNumber(cursor, lead);
  if (value === undefined) {
    cursor.position = position;
    value = readBigint(cursor, lead);
  }
  if (value !== undefined && cursor.position <= cursor.end) return value;
  return refuse(cursor, "expected a number, found the end of the message");
}

function readItems(cursor: Cursor, count: number, depth: number): unknown {
  if (count > cursor.end - cursor.position) return refuseClaim(cursor, "an array", count);
  if (!affords(cursor, count, depth)) return NOTHING;
  const items: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const item = readUnknown(cursor, depth + 1);
    if (item === NOTHING) return NOTHING;
    items.push(item);
  }
  return items;
}

/** Checked before anything is made: how deep a value may be, and how much one message may hold. */
function affords(cursor: Cursor, elements: number, depth: number): boolean {
  cursor.elementsLeft -= elements;
  if (depth > NESTING_MAX) cursor.problem = `expected at most ${NESTING_MAX} levels, found more`;
  else if (cursor.elementsLeft >= 0) return true;
  else cursor.problem = `expected at most ${ELEMENTS_MAX} elements in one message, found more`;
  return false;
}

/** A map is an object if all its keys are strings, otherwise a Map. */
function readEntries(cursor: Cursor, count: number, depth: number): unknown {
  if (2 * count > cursor.end - cursor.position) return refuseClaim(cursor, "a map", count);
  if (!affords(cursor, count, depth)) return NOTHING;
  const object: { [key: string]: unknown } = {};
  let map: Map<unknown, unknown> | undefined;
  for (let index = 0; index < count; index++) {
    const key = readUnknown(cursor, depth + 1);
    if (key === NOTHING) return NOTHING;
    if (key === "__proto__") return refuse(cursor, 'expected no key "__proto__", which would set a prototype');
    if (typeof key !== "string") map ??= new Map<unknown, unknown>(Object.entries(object));
    const value = readUnknown(cursor, depth + 1);
    if (value === NOTHING) return NOTHING;
    if (map !== undefined ? map.has(key) : Object.hasOwn(object, key as string)) {
      return refuse(cursor, `expected each key once, found ${showValue(key)} again`);
    }
    if (map !== undefined) map.set(key, value);
    else object[key as string] = value;
  }
  return map ?? object;
}

/** The string, number or boolean at the cursor; undefined if there is none. */
export function readLiteral(cursor: Cursor): string | number | boolean | undefined {
  const lead = cursor.bytes[cursor.position]!;
  const isText = (lead >= 0xa0 && lead < 0xc0) || (lead >= 0xd9 && lead <= 0xdb);
  if (!isText && !isNumberLead(lead) && lead !== 0xc2 && lead !== 0xc3) return undefined;
  const value = readUnknown(cursor, 0);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}
