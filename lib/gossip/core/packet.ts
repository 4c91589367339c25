import { ByteReader, ID_BYTES, writeId, writeIncarnation } from "./byte_reader.ts";
import { BROADCAST_BYTES_MAX, PACKET_BYTES_MAX, PACKET_MESSAGES_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import type { Message } from "./message.ts";

/**
 * A packet is one byte of version and then messages, to its end. Numbers are little-endian.
 *
 *     message        kind u8, length of the body u16, body
 *     ping           1  sequence u32, target 16 bytes
 *     ack            2  sequence u32
 *     nack           3  sequence u32
 *     probe request  4  sequence u32, target 16 bytes, wants a nack u8 (0 or 1)
 *     alive          5  id 16 bytes, incarnation u64, record: the rest, 1 to 1024 bytes
 *     suspect        6  id 16 bytes, incarnation u64, from 16 bytes
 *     failed         7  id 16 bytes, incarnation u64
 *     left           8  id 16 bytes, incarnation u64
 *     broadcast      9  payload: the rest, at most 900 bytes
 *
 * A kind that is not known is skipped by its length: a later version may add some. A packet with anything wrong in it is
 * refused whole; so is one with two questions (pings and probe requests), since each is answered by a packet of its own.
 */
export const PACKET_VERSION = 1;
/** The bytes of a packet before its first message. */
export const PACKET_HEADER_BYTES = 1;
const MESSAGE_HEADER_BYTES = 3;

const KINDS = ["ping", "ack", "nack", "probe_request", "alive", "suspect", "failed", "left", "broadcast"] as const;
const CODES = Object.fromEntries(KINDS.map((kind, index) => [kind, index + 1])) as Record<Message["kind"], number>;

/** A message as it stands in a packet, with its header. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_BYTES + bodyBytes(message));
  const view = new DataView(bytes.buffer);
  bytes[0] = CODES[message.kind];
  view.setUint16(1, bytes.length - MESSAGE_HEADER_BYTES, true);
  let offset = MESSAGE_HEADER_BYTES;
  switch (message.kind) {
    case "broadcast":
      bytes.set(message.payload, offset);
      return bytes;
    case "ping":
    case "ack":
    case "nack":
    case "probe_request":
      view.setUint32(offset, message.sequence, true);
      if ("target" in message) offset = writeId(bytes, offset + 4, message.target);
      if ("wantsNack" in message) bytes[offset] = message.wantsNack ? 1 : 0;
      return bytes;
    default:
      offset = writeIncarnation(view, writeId(bytes, offset, message.id), message.incarnation);
      if (message.kind === "alive") bytes.set(message.record, offset);
      if (message.kind === "suspect") writeId(bytes, offset, message.from);
      return bytes;
  }
}

function bodyBytes(message: Message): number {
  switch (message.kind) {
    case "ack":
    case "nack":
      return 4;
    case "ping":
      return 4 + ID_BYTES;
    case "probe_request":
      return 4 + ID_BYTES + 1;
    case "alive":
      return ID_BYTES + 8 + message.record.length;
    case "suspect":
      return 2 * ID_BYTES + 8;
    case "failed":
    case "left":
      return ID_BYTES + 8;
    case "broadcast":
      return message.payload.length;
  }
}

/** The messages of a packet, undefined when no correct peer made it. Records and payloads are views of the packet. */
export function decodePacket(packet: Uint8Array): Message[] | undefined {
  if (packet.length > PACKET_BYTES_MAX) return undefined;
  const reader = new ByteReader(packet);
  if (reader.uint8() !== PACKET_VERSION) return undefined;
  const messages: Message[] = [];
  let questions = 0;
  for (let count = 0; reader.left > 0; count++) {
    const kind = KINDS[reader.uint8() - 1];
    const body = reader.view(reader.uint16());
    if (reader.isBroken || count === PACKET_MESSAGES_MAX) return undefined;
    if (kind === undefined) continue;
    const message = decodeBody(kind, new ByteReader(body), body.length);
    if (message === undefined) return undefined;
    if ((kind === "ping" || kind === "probe_request") && ++questions > 1) return undefined;
    messages.push(message);
  }
  return messages;
}

function decodeBody(kind: Message["kind"], reader: ByteReader, byteCount: number): Message | undefined {
  const message = readBody(kind, reader, byteCount);
  return reader.isBroken || reader.left > 0 ? undefined : message;
}

function readBody(kind: Message["kind"], reader: ByteReader, byteCount: number): Message | undefined {
  switch (kind) {
    case "ack":
    case "nack":
      return { kind, sequence: reader.uint32() };
    case "ping":
      return { kind, sequence: reader.uint32(), target: reader.id() };
    case "probe_request":
      return { kind, sequence: reader.uint32(), target: reader.id(), wantsNack: reader.uint8() === 1 };
    case "alive": {
      const [id, incarnation] = [reader.id(), reader.incarnation()];
      const recordBytes = reader.left;
      if (recordBytes < 1 || recordBytes > RECORD_BYTES_MAX) return undefined;
      return { kind, id, incarnation, record: reader.view(recordBytes) };
    }
    case "suspect":
      return { kind, id: reader.id(), incarnation: reader.incarnation(), from: reader.id() };
    case "failed":
    case "left":
      return { kind, id: reader.id(), incarnation: reader.incarnation() };
    case "broadcast":
      return byteCount > BROADCAST_BYTES_MAX ? undefined : { kind, payload: reader.view(byteCount) };
  }
}
