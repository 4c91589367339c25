import { ByteReader, ByteWriter } from "../../base/mod.ts";
import { SEAL_OVERHEAD_BYTES } from "./sealing_key.ts";

/** What a datagram carries. */
export const DatagramKind = { MEMBERSHIP: 1, HELLO: 2, REVOCATION: 3 } as const;
/** One of the kinds. */
export type DatagramKind = (typeof DatagramKind)[keyof typeof DatagramKind];

/** What stands in front of the payload, sealed with it. */
export interface DatagramHeader {
  readonly kind: DatagramKind;
  /** The id of the node that sent it. */
  readonly sender: string;
  /** When the sender's sequence numbers began with 1: the start of its process, by its own clock. */
  readonly bootMs: number;
  readonly sequence: number;
  /** The sender's clock when it sent this. */
  readonly clockMs: number;
}

const VERSION = 1;
const SENDER_BYTES = 16;
/** version (1), kind (1), sender (16), boot (6), sequence (6), clock (6). */
const HEADER_BYTES = 1 + 1 + SENDER_BYTES + 6 + 6 + 6;
/** What a datagram has beside its payload. */
export const DATAGRAM_OVERHEAD_BYTES = SEAL_OVERHEAD_BYTES + HEADER_BYTES;
/** IPv6 carries 1,280 bytes over any link in one piece (RFC 8200, section 5); 48 of them are its header and UDP's. */
export const DATAGRAM_BYTES_MAX = 1280 - 48;
/** The longest payload of a datagram. */
export const PAYLOAD_BYTES_MAX = DATAGRAM_BYTES_MAX - DATAGRAM_OVERHEAD_BYTES;

/** Lays a datagram's text out. */
export function encodeDatagram(header: DatagramHeader, payload: Uint8Array): Uint8Array {
  return new ByteWriter(HEADER_BYTES + payload.length)
    .uint8(VERSION).uint8(header.kind).hex(header.sender)
    .uint48(header.bootMs).uint48(header.sequence).uint48(header.clockMs)
    .raw(payload).finish();
}

/** Reads a datagram's text, which has been authenticated; undefined for another version or an unknown kind. */
export function decodeDatagram(text: Uint8Array): { header: DatagramHeader; payload: Uint8Array } | undefined {
  if (text.length < HEADER_BYTES) return undefined;
  const reader = new ByteReader(text);
  const version = reader.uint8("the version");
  const kind = reader.uint8("the kind");
  if (version !== VERSION || !isKind(kind)) return undefined;
  const header = {
    kind,
    sender: reader.hex(SENDER_BYTES, "the sender"),
    bootMs: reader.uint48("the boot"),
    sequence: reader.uint48("the sequence"),
    clockMs: reader.uint48("the clock"),
  };
  return { header, payload: reader.rest() };
}

function isKind(kind: number): kind is DatagramKind {
  return kind >= DatagramKind.MEMBERSHIP && kind <= DatagramKind.REVOCATION;
}
