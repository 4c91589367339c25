import { assert, CellError, KIB, Writer } from "../base/mod.ts";
import { Cursor, readAscii, readMapHead, readUint, skipValue, writeUint } from "./message_pack.ts";

/** Longest metadata map, in bytes. */
export const METADATA_BYTES_MAX = 8 * KIB;
/** Longest value of a text key; a longer one is ignored. */
export const METADATA_TEXT_MAX = 255;

/** What travels beside the arguments of a call. */
export interface Metadata {
  /** Milliseconds that the caller still waits. */
  deadlineMs: number | undefined;
  /** W3C `traceparent`. */
  trace: string | undefined;
  /** The calling service. */
  service: string | undefined;
  tenant: string | undefined;
}

/** What is the same for every call of a client, encoded once. */
export class MetadataTemplate {
  /** The entries in front of the deadline, without the map's head. */
  private readonly entries: Uint8Array;
  private readonly entryCount: number;

  constructor(constant: { service?: string | undefined; tenant?: string | undefined }) {
    const writer = new Writer(64);
    let count = 0;
    for (const key of ["service", "tenant"] as const) {
      const value = constant[key];
      if (value === undefined) continue;
      assert(isAscii(value), `${key} in metadata is at most ${METADATA_TEXT_MAX} ASCII characters`);
      writeAscii(writer, key);
      writeAscii(writer, value);
      count++;
    }
    this.entries = writer.written().slice();
    this.entryCount = count;
  }

  /** Whether there is nothing to say when a call has neither deadline nor trace. */
  get isEmpty(): boolean {
    return this.entryCount === 0;
  }

  /** Appends the metadata map of one call. */
  write(writer: Writer, deadlineMs: number | undefined, trace: string | undefined): void {
    const count = this.entryCount + (deadlineMs === undefined ? 0 : 1) + (trace === undefined ? 0 : 1);
    writer.reserve(1 + this.entries.length);
    writer.bytes[writer.length++] = 0x80 | count;
    if (this.entryCount > 0) writer.append(this.entries);
    if (deadlineMs !== undefined) {
      writer.append(DEADLINE_KEY);
      writeUint(writer, deadlineMs);
    }
    if (trace !== undefined) {
      writeAscii(writer, "trace");
      writeAscii(writer, trace);
    }
  }
}

/** "deadline" as a MessagePack string. */
const DEADLINE_KEY = Uint8Array.of(0xa8, 0x64, 0x65, 0x61, 0x64, 0x6c, 0x69, 0x6e, 0x65);

/**
 * Reads the metadata map at [start, end) into `into` and returns where it ends. Keys that are not known are skipped.
 * Throws INVALID_ARGUMENT.
 */
export function readMetadata(bytes: Uint8Array, start: number, end: number, into: Metadata): number {
  into.deadlineMs =
    into.trace =
    into.service =
    into.tenant =
      undefined;
  const cursor = new Cursor(bytes, start, Math.min(end, start + METADATA_BYTES_MAX));
  try {
    for (let entries = readMapHead(cursor); entries > 0; entries--) {
      const key = readAscii(cursor, METADATA_TEXT_MAX);
      if (key === "deadline") into.deadlineMs = readUint(cursor);
      else if (key === "trace" || key === "service" || key === "tenant") {
        into[key] = readAscii(cursor, METADATA_TEXT_MAX);
      } else skipValue(cursor);
    }
  } catch (error) {
    const limit = end - start > METADATA_BYTES_MAX ? ` (metadata has at most ${METADATA_BYTES_MAX} bytes)` : "";
    throw new CellError("INVALID_ARGUMENT", `reading metadata: ${(error as Error).message}${limit}`);
  }
  return cursor.offset;
}

function isAscii(text: string): boolean {
  return text.length <= METADATA_TEXT_MAX && /^[\x20-\x7e]*$/.test(text);
}

/** Appends a string of at most 255 ASCII characters. */
function writeAscii(writer: Writer, text: string): void {
  writer.reserve(text.length + 2);
  if (text.length < 32) writer.bytes[writer.length++] = 0xa0 | text.length;
  else {
    writer.bytes[writer.length++] = 0xd9;
    writer.bytes[writer.length++] = text.length;
  }
  for (let index = 0; index < text.length; index++) writer.bytes[writer.length++] = text.charCodeAt(index);
}
