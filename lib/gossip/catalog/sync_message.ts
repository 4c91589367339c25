import { assert, KIB } from "../../base/mod.ts";
import { ByteReader, MalformedError } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import type { NodeId } from "./entry.ts";
import type { Owner } from "./owner.ts";
import type { CatalogRecord } from "./record.ts";

/** No message of anti-entropy is longer: some 600 records, whose signatures take 25 ms to verify. */
export const SYNC_BYTES_MAX = 128 * KIB;
/** Owners in one digest; where there are more, digests take turns. */
export const DIGEST_OWNERS_MAX = 1_200;

const FORMAT = 1;
const CUT_BIT = 1;
const HEAD_BYTES = 2;
const NODE_BYTES = 16;
const SECTION = { digest: 1, outline: 2, want: 3, record: 4 } as const;
/** Section and two ids and a count; id, flags and hash of each owner. */
const DIGEST_HEAD_BYTES = 1 + 2 * NODE_BYTES + 2;
const DIGEST_OWNER_BYTES = NODE_BYTES + 1 + 8;
/** Section, id, count. */
const LIST_HEAD_BYTES = 1 + NODE_BYTES + 2;
/** Hash of the key, version, hash of the record. */
const OUTLINED_BYTES = 8 + 8 + 8;
const KEY_HASH_BYTES = 8;
/** Section and length. */
const RECORD_HEAD_BYTES = 1 + 2;

assert(
  HEAD_BYTES + DIGEST_HEAD_BYTES + DIGEST_OWNERS_MAX * DIGEST_OWNER_BYTES <= SYNC_BYTES_MAX,
  "a digest fits into a message",
);

/** The id where every range of owners begins, and, as its end, the end of all. */
export const NO_NODE: NodeId = "0".repeat(2 * NODE_BYTES);

/** What a digest says of one owner. */
export interface OwnerDigest {
  readonly isAlive: boolean;
  readonly hashHigh: number;
  readonly hashLow: number;
}

/** What an outline says of one record. */
export interface Outlined {
  readonly version: number;
  readonly hashHigh: number;
  readonly hashLow: number;
}

/** Owners from `from` to before `until`, all of those that the sender has records of. */
export interface Digest {
  readonly from: NodeId;
  readonly until: NodeId;
  readonly owners: ReadonlyMap<NodeId, OwnerDigest>;
}

/** A message of anti-entropy as it was read. Records are views of its bytes, not yet looked at. */
export interface SyncMessage {
  /** There was more to say than fitted. */
  readonly isCut: boolean;
  digest: Digest | undefined;
  /** By owner, what the sender has of it, by hash of the key. */
  readonly outlines: Map<NodeId, Map<number, Outlined>>;
  /** By owner, what the sender wants of it, by hash of the key. */
  readonly wants: Map<NodeId, Set<number>>;
  readonly records: Uint8Array[];
}

/**
 * Writes a message, section by section, and stops where it would become too long. Layout, big-endian:
 *
 *     format 1: u8 | flags (1: cut): u8 | sections
 *     1 digest:  from: 16 | until: 16 | count: u16 | of each owner id: 16, flags (1: alive): u8, hash: 8
 *     2 outline: owner: 16 | count: u16 | of each record hash of its key: u64, version: u64, hash: 8
 *     3 want:    owner: 16 | count: u16 | of each record hash of its key: u64
 *     4 record:  length: u16 | bytes
 */
export class SyncWriter {
  readonly #writer = new ByteWriter();
  /** Something did not fit. */
  isCut = false;

  constructor() {
    this.#writer.u16(FORMAT << 8);
  }

  digest(from: NodeId, until: NodeId, owners: readonly Owner[]): void {
    const writer = this.#writer;
    writer.u8(SECTION.digest);
    writer.hex(from);
    writer.hex(until);
    writer.u16(owners.length);
    for (const { id, isAlive, hashHigh, hashLow } of owners) {
      writer.hex(id);
      writer.u8(isAlive ? 1 : 0);
      writer.u32(hashHigh);
      writer.u32(hashLow);
    }
  }

  /** Says what is there of an owner; false when that did not fit. */
  outline(owner: NodeId, records: Iterable<CatalogRecord>, count: number): boolean {
    if (!this.#head(SECTION.outline, owner, count, OUTLINED_BYTES)) return false;
    for (const { keyHash, version, hashHigh, hashLow } of records) {
      this.#writer.u53(keyHash);
      this.#writer.u53(version);
      this.#writer.u32(hashHigh);
      this.#writer.u32(hashLow);
    }
    return true;
  }

  /** Asks for records of an owner; false when that did not fit. */
  want(owner: NodeId, keyHashes: readonly number[]): boolean {
    if (!this.#head(SECTION.want, owner, keyHashes.length, KEY_HASH_BYTES)) return false;
    for (const keyHash of keyHashes) this.#writer.u53(keyHash);
    return true;
  }

  /** Appends a record; false when it did not fit. */
  record({ bytes }: CatalogRecord): boolean {
    if (!this.#hasRoom(RECORD_HEAD_BYTES + bytes.length)) return false;
    this.#writer.u8(SECTION.record);
    this.#writer.u16(bytes.length);
    this.#writer.append(bytes);
    return true;
  }

  /** The message; empty when there is nothing in it. */
  finish(): Uint8Array {
    const bytes = this.#writer.written();
    if (bytes.length === HEAD_BYTES) return new Uint8Array(0);
    bytes[1] = this.isCut ? CUT_BIT : 0;
    return bytes;
  }

  #head(section: number, owner: NodeId, count: number, itemBytes: number): boolean {
    if (!this.#hasRoom(LIST_HEAD_BYTES + count * itemBytes)) return false;
    this.#writer.u8(section);
    this.#writer.hex(owner);
    this.#writer.u16(count);
    return true;
  }

  #hasRoom(bytes: number): boolean {
    if (this.#writer.length + bytes <= SYNC_BYTES_MAX) return true;
    this.isCut = true;
    return false;
  }
}

/** Whether the sender of a message had more to say than fitted, so that another round at once is worth its while. */
export function hasMore(message: Uint8Array): boolean {
  return message.length >= HEAD_BYTES && (message[1]! & CUT_BIT) !== 0;
}

/** Reads a message from outside; undefined for what is none. An empty one says nothing. */
export function parseSync(bytes: Uint8Array): SyncMessage | undefined {
  if (bytes.length > SYNC_BYTES_MAX) return undefined;
  try {
    return read(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function read(reader: ByteReader): SyncMessage {
  const isEmpty = reader.left === 0;
  if (!isEmpty && reader.u8() !== FORMAT) throw new MalformedError("another format");
  const flags = isEmpty ? 0 : reader.u8();
  if ((flags & ~CUT_BIT) !== 0) throw new MalformedError("unknown flags");
  const message: SyncMessage = {
    isCut: (flags & CUT_BIT) !== 0,
    digest: undefined,
    outlines: new Map(),
    wants: new Map(),
    records: [],
  };
  while (reader.left > 0) readSection(reader, message);
  return message;
}

function readSection(reader: ByteReader, message: SyncMessage): void {
  const section = reader.u8();
  if (section === SECTION.digest && message.digest === undefined) message.digest = readDigest(reader);
  else if (section === SECTION.outline) addOnce(message.outlines, reader.hex(NODE_BYTES), readOutline(reader));
  else if (section === SECTION.want) addOnce(message.wants, reader.hex(NODE_BYTES), readWant(reader));
  else if (section === SECTION.record) message.records.push(reader.view(reader.u16()));
  else throw new MalformedError(`section ${section}`);
}

/** One owner is listed once: work on a message is then bounded by its length and what is held. */
function addOnce<T>(map: Map<NodeId, T>, id: NodeId, value: T): void {
  if (map.has(id)) throw new MalformedError("an owner twice");
  map.set(id, value);
}

function readDigest(reader: ByteReader): Digest {
  const [from, until] = [reader.hex(NODE_BYTES), reader.hex(NODE_BYTES)];
  const owners = new Map<NodeId, OwnerDigest>();
  for (let count = reader.u16(); count > 0; count--) {
    const id = reader.hex(NODE_BYTES);
    addOnce(owners, id, { isAlive: reader.u8() === 1, hashHigh: reader.u32(), hashLow: reader.u32() });
  }
  return { from, until, owners };
}

function readOutline(reader: ByteReader): Map<number, Outlined> {
  const outline = new Map<number, Outlined>();
  for (let count = reader.u16(); count > 0; count--) {
    outline.set(reader.u53(), { version: reader.u53(), hashHigh: reader.u32(), hashLow: reader.u32() });
  }
  return outline;
}

function readWant(reader: ByteReader): Set<number> {
  const want = new Set<number>();
  for (let count = reader.u16(); count > 0; count--) want.add(reader.u53());
  return want;
}
