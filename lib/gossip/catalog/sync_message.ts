import { ByteReader, ifWellFormed, KIB, MalformedError } from "../../base/mod.ts";
import type { NodeId } from "./entry.ts";

/** No message of anti-entropy is longer: some 600 records, whose signatures take 25 ms to verify. */
export const SYNC_BYTES_MAX = 128 * KIB;
/** Owners in one digest; where there are more, digests take turns. */
export const DIGEST_OWNERS_MAX = 1_200;

/** Every message begins with its format and its flags. */
export const SYNC_FORMAT = 1;
/** Flag: there was more to say than fitted. */
export const CUT_BIT = 1;
export const SYNC_HEAD_BYTES = 2;
/** Of an id. */
export const NODE_BYTES = 16;
/** What a message consists of; `SyncWriter` says how each is laid out. */
export const SECTION = { digest: 1, outline: 2, want: 3, record: 4 } as const;

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

/** Whether the sender of a message had more to say than fitted, so that another round at once is worth its while. */
export function hasMore(message: Uint8Array): boolean {
  return message.length >= SYNC_HEAD_BYTES && (message[1]! & CUT_BIT) !== 0;
}

/** Reads a message from outside; undefined for what is none. An empty one says nothing. */
export function parseSync(bytes: Uint8Array): SyncMessage | undefined {
  return bytes.length > SYNC_BYTES_MAX ? undefined : ifWellFormed(() => read(new ByteReader(bytes)));
}

function read(reader: ByteReader): SyncMessage {
  const isEmpty = reader.left === 0;
  if (!isEmpty && reader.uint8("the format") !== SYNC_FORMAT) throw new MalformedError("another format");
  const flags = isEmpty ? 0 : reader.uint8("the flags");
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
  const section = reader.uint8("a section");
  if (section === SECTION.digest && message.digest === undefined) message.digest = readDigest(reader);
  else if (section === SECTION.outline) {
    addOnce(message.outlines, reader.hex(NODE_BYTES, "a node"), readOutline(reader));
  } else if (section === SECTION.want) addOnce(message.wants, reader.hex(NODE_BYTES, "a node"), readWant(reader));
  else if (section === SECTION.record) message.records.push(reader.view(reader.uint16("a length"), "a record"));
  else throw new MalformedError(`section ${section}`);
}

/** One owner is listed once: work on a message is then bounded by its length and what is held. */
function addOnce<T>(map: Map<NodeId, T>, id: NodeId, value: T): void {
  if (map.has(id)) throw new MalformedError("an owner twice");
  map.set(id, value);
}

function readDigest(reader: ByteReader): Digest {
  const [from, until] = [reader.hex(NODE_BYTES, "a node"), reader.hex(NODE_BYTES, "a node")];
  const owners = new Map<NodeId, OwnerDigest>();
  for (let count = reader.uint16("a count"); count > 0; count--) {
    const id = reader.hex(NODE_BYTES, "a node");
    addOnce(owners, id, {
      isAlive: reader.uint8("a flag") === 1,
      hashLow: reader.uint32("a hash"),
      hashHigh: reader.uint32("a hash"),
    });
  }
  return { from, until, owners };
}

function readOutline(reader: ByteReader): Map<number, Outlined> {
  const outline = new Map<number, Outlined>();
  for (let count = reader.uint16("a count"); count > 0; count--) {
    const keyHash = reader.uint53("a key");
    const version = reader.uint53("a version");
    outline.set(keyHash, { version, hashLow: reader.uint32("a hash"), hashHigh: reader.uint32("a hash") });
  }
  return outline;
}

function readWant(reader: ByteReader): Set<number> {
  const want = new Set<number>();
  for (let count = reader.uint16("a count"); count > 0; count--) want.add(reader.uint53("a key"));
  return want;
}
