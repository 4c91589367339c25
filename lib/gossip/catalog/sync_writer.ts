import { assert } from "../../base/mod.ts";
import { ByteWriter } from "./byte_writer.ts";
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
    this.#writer.u16(SYNC_FORMAT << 8);
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
    if (bytes.length === SYNC_HEAD_BYTES) return new Uint8Array(0);
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
