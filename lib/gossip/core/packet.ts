import { ByteReader, ByteWriter, ifWellFormed, MalformedError } from "../../base/mod.ts";
import { BROADCAST_BYTES_MAX, PACKET_BYTES_MAX, PACKET_MESSAGES_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import { ID_BYTES, type NodeId } from "./member.ts";
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
  const bodyBytes = bodyBytesOf(message);
  const writer = new ByteWriter(MESSAGE_HEADER_BYTES + bodyBytes).uint8(CODES[message.kind]).uint16(bodyBytes);
  switch (message.kind) {
    case "broadcast":
      return writer.raw(message.payload).finish();
    case "ping":
    case "ack":
    case "nack":
    case "probe_request":
      writer.uint32(message.sequence);
      if ("target" in message) writer.hex(message.target);
      if ("wantsNack" in message) writer.uint8(message.wantsNack ? 1 : 0);
      return writer.finish();
    default:
      writer.hex(message.id).uint53(message.incarnation);
      if (message.kind === "alive") writer.raw(message.record);
      if (message.kind === "suspect") writer.hex(message.from);
      return writer.finish();
  }
}

function bodyBytesOf(message: Message): number {
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
  return packet.length > PACKET_BYTES_MAX ? undefined : ifWellFormed(() => readPacket(new ByteReader(packet)));
}

function readPacket(reader: ByteReader): Message[] {
  if (reader.uint8("the version") !== PACKET_VERSION) throw new MalformedError("another version");
  const messages: Message[] = [];
  let questions = 0;
  for (let count = 0; reader.left > 0; count++) {
    if (count === PACKET_MESSAGES_MAX) throw new MalformedError(`more than ${PACKET_MESSAGES_MAX} messages`);
    const kind = KINDS[reader.uint8("a kind") - 1];
    const body = new ByteReader(reader.view(reader.uint16("a length"), "a message"));
    if (kind === undefined) continue;
    messages.push(readBody(kind, body));
    body.finish("a message");
    const isQuestion = kind === "ping" || kind === "probe_request";
    if (isQuestion && ++questions > 1) throw new MalformedError("two questions");
  }
  return messages;
}

function readBody(kind: Message["kind"], reader: ByteReader): Message {
  switch (kind) {
    case "ack":
    case "nack":
      return { kind, sequence: reader.uint32("a number") };
    case "ping":
      return { kind, sequence: reader.uint32("a number"), target: idIn(reader) };
    case "probe_request": {
      const [sequence, target] = [reader.uint32("a number"), idIn(reader)];
      return { kind, sequence, target, wantsNack: reader.uint8("a flag") === 1 };
    }
    case "alive": {
      const [id, incarnation] = [idIn(reader), incarnationIn(reader)];
      return { kind, id, incarnation, record: restOf(reader, 1, RECORD_BYTES_MAX) };
    }
    case "suspect":
      return { kind, id: idIn(reader), incarnation: incarnationIn(reader), from: idIn(reader) };
    case "failed":
    case "left":
      return { kind, id: idIn(reader), incarnation: incarnationIn(reader) };
    case "broadcast":
      return { kind, payload: restOf(reader, 0, BROADCAST_BYTES_MAX) };
  }
}

function idIn(reader: ByteReader): NodeId {
  return reader.hex(ID_BYTES, "an id");
}

function incarnationIn(reader: ByteReader): number {
  return reader.uint53("an incarnation");
}

function restOf(reader: ByteReader, bytesMin: number, bytesMax: number): Uint8Array {
  const { left } = reader;
  if (left < bytesMin || left > bytesMax) {
    throw new MalformedError(`${left} bytes, expected ${bytesMin} to ${bytesMax}`);
  }
  return reader.rest();
}
