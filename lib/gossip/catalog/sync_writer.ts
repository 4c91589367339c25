import { assert, ByteWriter } from "../../base/mod.ts";
import type { NodeId } from "./entry.ts";
import type { Owner } from "./owner.ts";
import type { CatalogRecord } from "./record.ts";
import {
  CUT_BIT,
  DIGEST_OWNERS_MAX,
  NODE_BYTES,
  SECTION,
  SYNC_BYTES_MAX,
  SYNC_FORMAT,
  SYNC_HEAD_BYTES,
} from "./sync_message.ts";

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
  SYNC_HEAD_BYTES + DIGEST_HEAD_BYTES + DIGEST_OWNERS_MAX * DIGEST_OWNER_BYTES <= SYNC_BYTES_MAX,
  "a digest fits into a message",
);

/**
 * Writes a message, section by section, and stops where it would become too long. Layout:
 *
 *     format 1: u8 | flags (1: cut): u8 | sections
 *     1 digest:  from: 16 | until: 16 | count: u16 | of each owner id: 16, flags (1: alive): u8, hash: u64
 *     2 outline: owner: 16 | count: u16 | of each record hash of its key: u64, version: u64, hash: u64
 *     3 want:    owner: 16 | count: u16 | of each record hash of its key: u64
 *     4 record:  length: u16 | bytes
 */
export class SyncWriter {
  readonly #writer = new ByteWriter(1024);
  /** Something did not fit. */
  isCut = false;

  constructor() {
    this.#writer.uint8(SYNC_FORMAT).uint8(0);
  }

  digest(from: NodeId, until: NodeId, owners: readonly Owner[]): void {
    this.#writer.uint8(SECTION.digest).hex(from).hex(until).uint16(owners.length);
    for (const { id, isAlive, hashHigh, hashLow } of owners) {
      this.#writer.hex(id).uint8(isAlive ? 1 : 0).uint32(hashLow).uint32(hashHigh);
    }
  }

  /** Says what is there of an owner; false when that did not fit. */
  outline(owner: NodeId, records: Iterable<CatalogRecord>, count: number): boolean {
    if (!this.#head(SECTION.outline, owner, count, OUTLINED_BYTES)) return false;
    for (const { keyHash, version, hashHigh, hashLow } of records) {
      this.#writer.uint53(keyHash).uint53(version).uint32(hashLow).uint32(hashHigh);
    }
    return true;
  }

  /** Asks for records of an owner; false when that did not fit. */
  want(owner: NodeId, keyHashes: readonly number[]): boolean {
    if (!this.#head(SECTION.want, owner, keyHashes.length, KEY_HASH_BYTES)) return false;
    for (const keyHash of keyHashes) this.#writer.uint53(keyHash);
    return true;
  }

  /** Appends a record; false when it did not fit. */
  record({ bytes }: CatalogRecord): boolean {
    if (!this.#hasRoom(RECORD_HEAD_BYTES + bytes.length)) return false;
    this.#writer.uint8(SECTION.record).uint16(bytes.length).raw(bytes);
    return true;
  }

  /** The message; empty when there is nothing in it. */
  finish(): Uint8Array {
    const bytes = this.#writer.written();
    if (bytes.length === SYNC_HEAD_BYTES) return new Uint8Array(0);
    bytes[1] = this.isCut ? CUT_BIT : 0;
    return bytes;
  }

  #head(section: number, owner: NodeId, count: number, itemBytes: number): boolean {
    if (!this.#hasRoom(LIST_HEAD_BYTES + count * itemBytes)) return false;
    this.#writer.uint8(section).hex(owner).uint16(count);
    return true;
  }

  #hasRoom(bytes: number): boolean {
    if (this.#writer.length + bytes <= SYNC_BYTES_MAX) return true;
    this.isCut = true;
    return false;
  }
}
