import { assert, ByteReader, ByteWriter, ifWellFormed, MalformedError } from "../../base/mod.ts";
import { hash64 } from "./content_hash.ts";
import {
  areNames,
  type CatalogEntry,
  HEALTHS,
  INSTANCE_LENGTH_MAX,
  keyOf,
  type NodeId,
  type OwnEntry,
  SERVICE_LENGTH_MAX,
} from "./entry.ts";

/** What an owner has said of one instance: an entry, or that there is none any more. Never changed once it is made. */
export interface CatalogRecord {
  readonly node: NodeId;
  /** Where it is filed among its owner's records. */
  readonly key: string;
  readonly service: string;
  readonly instance: string;
  readonly version: number;
  /** Undefined for a tombstone. */
  readonly entry: CatalogEntry | undefined;
  /** As its owner signed it, signature included: what travels. */
  readonly bytes: Uint8Array;
  /** Of `bytes`. */
  readonly hashHigh: number;
  readonly hashLow: number;
  /** Of `key`, below 2^53. */
  readonly keyHash: number;
}

/** Signs with the node's key: 64 bytes. */
export type Signer = (bytes: Uint8Array) => Uint8Array;
/** Whether `node` signed `bytes`; false for a node that is unknown, foreign or revoked. This node counts as known. */
export type Verifier = (node: NodeId, bytes: Uint8Array, signature: Uint8Array) => boolean;

/** Of an Ed25519 signature; RFC 8032 section 5.1.6. */
export const SIGNATURE_BYTES = 64;
/** No payload of a broadcast is larger: gossip packs several into one datagram. */
export const ITEM_BYTES_MAX = 900;

const FORMAT = 1;
const NODE_BYTES = 16;
const SPECIES_BYTES = 8;
/** Format, flags, node, version, and the lengths of two names. */
const HEAD_BYTES = 1 + 1 + NODE_BYTES + 8 + 1 + 1;
/** Species, release, two ports, load. */
const ENTRY_BYTES = SPECIES_BYTES + 8 + 2 + 2 + 1;
/** The longest record there is. */
export const RECORD_BYTES_MAX = HEAD_BYTES + SERVICE_LENGTH_MAX + INSTANCE_LENGTH_MAX + ENTRY_BYTES + SIGNATURE_BYTES;
assert(RECORD_BYTES_MAX <= ITEM_BYTES_MAX, "a record fits into a broadcast");

/** Bits of the flags: the lowest two are the health. */
const HEALTH_BITS = 0b11;
const ENTRY_BIT = 0b100;
const RELEASE_BIT = 0b1000;
const ACCESS_BIT = 0b1_0000;
const FLAGS_END = 0b10_0000;

/** What is signed begins with this, so that no signature of the node's key over anything else is one of a record. */
const SIGNED_FOR = Uint8Array.from("cell catalogue record\n", (character) => character.charCodeAt(0));

/**
 * Makes and signs a record; without an entry it is a tombstone. Layout:
 *
 *     format 1: u8 | flags: u8 | node: 16 | version: u64 | service: u8 + ASCII | instance: u8 + ASCII
 *     with an entry: species: 8 | release: u64, if it has one | QUIC port: u16 | TLS port: u16 | load: u8
 *     signature: 64
 */
export function makeRecord(
  node: NodeId,
  version: number,
  { service, instance }: { service: string; instance: string },
  entry: OwnEntry | undefined,
  sign: Signer,
): CatalogRecord {
  const writer = new ByteWriter(RECORD_BYTES_MAX);
  writer.uint8(FORMAT).uint8(entry === undefined ? 0 : flagsOf(entry)).hex(node).uint53(version);
  writer.ascii(service).ascii(instance);
  if (entry !== undefined) {
    writer.hex(entry.species);
    if (entry.release !== undefined) writer.uint53(entry.release);
    writer.uint16(entry.quicPort).uint16(entry.tlsPort).uint8(entry.load);
  }
  const signature = sign(signedBytes(writer.written()));
  assert(signature.length === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes, not ${signature.length}`);
  writer.append(signature);
  return readRecord(writer.written());
}

function flagsOf({ health, release, access }: OwnEntry): number {
  return HEALTHS.indexOf(health) | ENTRY_BIT | (release === undefined ? 0 : RELEASE_BIT) | (access ? ACCESS_BIT : 0);
}

/** A record from outside, its signature not yet verified; undefined for what is none. Nothing of `bytes` is held on to. */
export function decodeRecord(bytes: Uint8Array): CatalogRecord | undefined {
  return bytes.length > RECORD_BYTES_MAX ? undefined : ifWellFormed(() => readRecord(bytes));
}

function readRecord(source: Uint8Array): CatalogRecord {
  const reader = new ByteReader(source);
  if (reader.uint8("the format") !== FORMAT) throw new MalformedError("another format");
  const flags = reader.uint8("the flags");
  const node = reader.hex(NODE_BYTES, "the node");
  const version = reader.uint53("the version");
  const keyStart = reader.offset;
  const service = reader.ascii(SERVICE_LENGTH_MAX, "the service");
  const instance = reader.ascii(INSTANCE_LENGTH_MAX, "the instance");
  const keyEnd = reader.offset;
  if (!areNames(service, instance)) throw new MalformedError("no name");
  const entry = (flags & ENTRY_BIT) === 0 ? undefined : readEntry(reader, flags, { node, version, service, instance });
  const isTombstone = entry === undefined;
  if (flags >= FLAGS_END || (isTombstone && flags !== 0)) throw new MalformedError("unknown flags");
  if (reader.left !== SIGNATURE_BYTES) throw new MalformedError("no signature at the end");
  const { high: hashHigh, low: hashLow } = hash64(source);
  const keyHash = hash64(source, keyStart, keyEnd);
  return {
    node,
    key: keyOf(service, instance),
    service,
    instance,
    version,
    entry,
    bytes: source.slice(),
    hashHigh,
    hashLow,
    keyHash: (keyHash.high >>> 11) * 2 ** 32 + keyHash.low,
  };
}

type Identity = Pick<CatalogEntry, "node" | "version" | "service" | "instance">;

function readEntry(reader: ByteReader, flags: number, { node, version, service, instance }: Identity): CatalogEntry {
  const health = HEALTHS[flags & HEALTH_BITS];
  if (health === undefined) throw new MalformedError("unknown health");
  return {
    node,
    version,
    service,
    instance,
    species: reader.hex(SPECIES_BYTES, "the species"),
    release: (flags & RELEASE_BIT) === 0 ? undefined : reader.uint53("the release"),
    quicPort: reader.uint16("a port"),
    tlsPort: reader.uint16("a port"),
    load: reader.uint8("the load"),
    health,
    access: (flags & ACCESS_BIT) !== 0,
  };
}

/** Whether the owner that a record names has signed it. */
export function isSigned({ node, bytes }: CatalogRecord, verify: Verifier): boolean {
  const bodyEnd = bytes.length - SIGNATURE_BYTES;
  // Copies: a view would make the runtime keep a buffer object beside the bytes of every record.
  return verify(node, signedBytes(bytes.slice(0, bodyEnd)), bytes.slice(bodyEnd));
}

function signedBytes(body: Uint8Array): Uint8Array {
  const signed = new Uint8Array(SIGNED_FOR.length + body.length);
  signed.set(SIGNED_FOR);
  signed.set(body, SIGNED_FOR.length);
  return signed;
}

/**
 * Whether `record` stands above `other`: the greater version, or the greater bytes where an owner used one version
 * twice. A total order, so everybody who has seen both keeps the same one.
 */
export function isAbove(record: CatalogRecord, other: CatalogRecord): boolean {
  if (record.version !== other.version) return record.version > other.version;
  return compareBytes(record.bytes, other.bytes) > 0;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    if (one[index] !== other[index]) return one[index]! - other[index]!;
  }
  return one.length - other.length;
}
