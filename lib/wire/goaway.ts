import { CellError, type Writer } from "../base/mod.ts";
import { type Frame, Kind } from "./frame.ts";
import { beginFrame, endFrame, GOAWAY_BYTES_MAX } from "./header.ts";
import { Cursor, readMapHead, readStringHead, skipValue } from "./message_pack.ts";

/** Why one side ends a connection. */
export const GOAWAY_REASONS = ["draining", "protocol", "limit", "idle", "permission", "done"] as const;
export type GoawayReason = (typeof GOAWAY_REASONS)[number];

/** A goaway frame's payload; its header's call id is the newest request that was accepted. */
export interface Goaway {
  /** "protocol" when the peer gave one that is not known here. */
  reason: GoawayReason;
  message: string;
}

/** Longest message, in UTF-16 code units: three bytes each leave room for the rest of the payload. */
const MESSAGE_LENGTH_MAX = (GOAWAY_BYTES_MAX - 64) / 3;

/** Appends a whole goaway frame. `lastCallId` is the newest request that was accepted, 0 for none. */
export function writeGoaway(writer: Writer, lastCallId: number, reason: GoawayReason, message: string): void {
  const start = beginFrame(writer, Kind.goaway, 0, 0, lastCallId, 0, 0);
  writer.append(Uint8Array.of(0x82));
  writeText(writer, "reason");
  writeText(writer, reason);
  writeText(writer, "message");
  writeText(writer, message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed());
  endFrame(writer, start);
}

/** Reads a goaway frame's payload. Throws INVALID_ARGUMENT. */
export function readGoaway({ bytes, start, end }: Frame): Goaway {
  const cursor = new Cursor(bytes, start, end);
  const goaway: Goaway = { reason: "protocol", message: "" };
  for (let entries = readMapHead(cursor); entries > 0; entries--) {
    const key = readText(cursor);
    if (key === "message") goaway.message = readText(cursor);
    else if (key === "reason") {
      const reason = readText(cursor);
      goaway.reason = GOAWAY_REASONS.find((known) => known === reason) ?? "protocol";
    } else skipValue(cursor);
  }
  if (cursor.offset !== end) throw new CellError("INVALID_ARGUMENT", "reading a goaway: bytes follow its map");
  return goaway;
}

function writeText(writer: Writer, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const { length } = bytes;
  writer.append(length < 32 ? Uint8Array.of(0xa0 | length) : Uint8Array.of(0xda, length >> 8, length & 0xff));
  writer.append(bytes);
}

function readText(cursor: Cursor): string {
  const length = readStringHead(cursor);
  const start = cursor.skip(length);
  // A copy: bytes that change while a decoder measures and then converts them would make it write past its buffer.
  return new TextDecoder().decode(new Uint8Array(cursor.bytes.subarray(start, start + length)));
}
