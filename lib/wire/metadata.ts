import { assert, CellError, KIB, Writer } from "../base/mod.ts";
import {
  ASCII_LENGTH_MAX,
  Cursor,
  readAscii,
  readMapHead,
  readUint,
  skipValue,
  UINT_BYTES_MAX,
  writeUint,
} from "./message_pack.ts";

/** Longest metadata map, in bytes. */
export const METADATA_BYTES_MAX = 8 * KIB;
/** Longest value of a text key; a longer one is ignored. */
export const METADATA_TEXT_MAX = ASCII_LENGTH_MAX;

/** What travels beside the arguments of a call. */
export interface Metadata {
  /** Milliseconds that the caller still waits. */
  deadlineMs: number | undefined;
  /** W3C `traceparent`. */
  trace: string | undefined;
  /** The calling service. */
  service: string | undefined;
}

/** Writes the metadata of one client's calls; what is the same for all of them is encoded once. */
export class MetadataWriter {
  /** The entry "service", empty for a client that is no service. */
  private readonly serviceEntry: Uint8Array;

  constructor(service: string | undefined) {
    const writer = new Writer(64);
    if (service !== undefined) {
      const isText = service.length <= METADATA_TEXT_MAX && /^[\x20-\x7e]*$/.test(service);
      assert(isText, `a service's name in metadata is at most ${METADATA_TEXT_MAX} ASCII characters`);
      writer.append(SERVICE_KEY);
      writeAscii(writer, service);
    }
    this.serviceEntry = writer.written().slice();
  }

  /** Whether a call without deadline and trace needs no metadata. */
  get isEmpty(): boolean {
    return this.serviceEntry.length === 0;
  }

  /** Appends the metadata map of one call. */
  write(writer: Writer, deadlineMs: number | undefined, trace: string | undefined): void {
    const { serviceEntry } = this;
    const count = (deadlineMs === undefined ? 0 : 1) + (trace === undefined ? 0 : 1) +
      (serviceEntry.length === 0 ? 0 : 1);
    writer.reserve(1 + DEADLINE_KEY.length + UINT_BYTES_MAX + serviceEntry.length + TRACE_KEY.length);
    writer.bytes[writer.length++] = 0x80 | count;
    if (deadlineMs !== undefined) {
      appendShort(writer, DEADLINE_KEY);
      writeUint(writer, deadlineMs);
    }
    if (serviceEntry.length > 0) appendShort(writer, serviceEntry);
    if (trace !== undefined) {
      appendShort(writer, TRACE_KEY);
      writeAscii(writer, trace);
    }
  }
}

/** Appends a few bytes, for which there is room, without a call into the runtime. */
function appendShort(writer: Writer, source: Uint8Array): void {
  const { bytes, length } = writer;
  for (let index = 0; index < source.length; index++) bytes[length + index] = source[index]!;
  writer.length = length + source.length;
}

/** The keys as they are usually written: short strings. */
const DEADLINE_KEY = keyBytes("deadline");
const SERVICE_KEY = keyBytes("service");
const TRACE_KEY = keyBytes("trace");

/**
 * Reads the metadata map at [start, end) into `into` and returns where it ends. Keys that are not known are skipped.
 * Throws INVALID_ARGUMENT.
 */
export function readMetadata(bytes: Uint8Array, start: number, end: number, into: Metadata): number {
  const previousService = into.service;
  into.deadlineMs = into.trace = into.service = undefined;
  const cursor = new Cursor(bytes, start, Math.min(end, start + METADATA_BYTES_MAX));
  try {
    for (let entries = readMapHead(cursor); entries > 0; entries--) {
      if (takes(cursor, DEADLINE_KEY)) into.deadlineMs = readUint(cursor);
      else if (takes(cursor, SERVICE_KEY)) into.service = readAscii(cursor, previousService);
      else if (takes(cursor, TRACE_KEY)) into.trace = readAscii(cursor);
      else readOther(cursor, into);
    }
  } catch (error) {
    const limit = end - start > METADATA_BYTES_MAX ? ` (metadata has at most ${METADATA_BYTES_MAX} bytes)` : "";
    throw new CellError("INVALID_ARGUMENT", `reading metadata: ${(error as Error).message}${limit}`);
  }
  return cursor.offset;
}

/** A key that is unknown, or known and written in a longer form than necessary. */
function readOther(cursor: Cursor, into: Metadata): void {
  const key = readAscii(cursor);
  if (key === "deadline") into.deadlineMs = readUint(cursor);
  else if (key === "trace" || key === "service") into[key] = readAscii(cursor);
  else skipValue(cursor);
}

/** Steps over `expected` if that is what comes next. */
function takes(cursor: Cursor, expected: Uint8Array): boolean {
  const { bytes, offset } = cursor;
  if (cursor.end - offset < expected.length) return false;
  for (let index = 0; index < expected.length; index++) {
    if (bytes[offset + index] !== expected[index]) return false;
  }
  cursor.offset = offset + expected.length;
  return true;
}

function keyBytes(key: string): Uint8Array {
  const writer = new Writer(16);
  writeAscii(writer, key);
  return writer.written();
}

/** Appends a string of at most 255 ASCII characters. */
function writeAscii(writer: Writer, text: string): void {
  const count = text.length;
  writer.reserve(count + 2);
  const { bytes } = writer;
  let at = writer.length;
  if (count >= 32) bytes[at++] = 0xd9;
  bytes[at++] = count < 32 ? 0xa0 | count : count;
  for (let index = 0; index < count; index++) bytes[at + index] = text.charCodeAt(index);
  writer.length = at + count;
}
