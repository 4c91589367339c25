import { ByteReader, ByteWriter, ifWellFormed, MalformedError } from "../../base/mod.ts";
import { MEMBERS_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import { ID_BYTES, isLive, type MemberState, type MemberView } from "./member.ts";

/**
 * All that a node believes of all members, itself first, as two nodes exchange it. Numbers are little-endian.
 *
 *     version u8, members u32, then for each:
 *     id 16 bytes, incarnation u64, state u8 (0 alive, 1 suspect, 2 failed, 3 left), record u16 and its bytes
 */
const STATE_VERSION = 1;
const HEADER_BYTES = 5;
const ENTRY_BYTES = ID_BYTES + 8 + 1 + 2;
const STATES = ["alive", "suspect", "failed", "left"] as const satisfies readonly MemberState[];

/** The longest state that a node can have, in bytes; whoever reads one from a stream stops there. */
export const STATE_BYTES_MAX = HEADER_BYTES + (MEMBERS_MAX + 1) * (ENTRY_BYTES + RECORD_BYTES_MAX);

/** One member as another node believes it to be. */
export type StateEntry = Pick<MemberView, "id" | "incarnation" | "state" | "record">;

/** Puts all entries into one document. */
export function encodeState(entries: readonly StateEntry[]): Uint8Array {
  const byteCount = entries.reduce((sum, { record }) => sum + ENTRY_BYTES + record.length, HEADER_BYTES);
  const writer = new ByteWriter(byteCount).uint8(STATE_VERSION).uint32(entries.length);
  for (const { id, incarnation, state, record } of entries) {
    writer.hex(id).uint53(incarnation).uint8(STATES.indexOf(state)).uint16(record.length).raw(record);
  }
  return writer.finish();
}

/** The entries of a document, undefined when no correct peer made it. Records are views of it. */
export function decodeState(bytes: Uint8Array): StateEntry[] | undefined {
  return bytes.length > STATE_BYTES_MAX ? undefined : ifWellFormed(() => readState(new ByteReader(bytes)));
}

function readState(reader: ByteReader): StateEntry[] {
  if (reader.uint8("the version") !== STATE_VERSION) throw new MalformedError("another version");
  const count = reader.uint32("the number of members");
  if (count > MEMBERS_MAX + 1) throw new MalformedError(`${count} members, expected at most ${MEMBERS_MAX + 1}`);
  const entries = Array.from({ length: count }, () => readEntry(reader));
  reader.finish("the last member");
  // Each record of one member, newer than the one before, would be a signature to check and news for everybody.
  if (new Set(entries.map(({ id }) => id)).size < count) throw new MalformedError("a member twice");
  return entries;
}

function readEntry(reader: ByteReader): StateEntry {
  const [id, incarnation] = [reader.hex(ID_BYTES, "an id"), reader.uint53("an incarnation")];
  const state = STATES[reader.uint8("a state")];
  const record = reader.view(reader.uint16("a length"), "a record");
  if (state === undefined) throw new MalformedError("an unknown state");
  if (record.length < 1 || record.length > RECORD_BYTES_MAX) {
    throw new MalformedError(`a record of ${record.length} bytes`);
  }
  return { id, incarnation, state, record };
}

/** The bytes of a digest. */
export const DIGEST_BYTES = 8;

/**
 * Equal where two nodes know the same live members at the same incarnations, whatever the order; failed ones are forgotten
 * at different times and do not count, nor do suspicions, which pass.
 */
export function digestOf(entries: Iterable<MemberView>): Uint8Array {
  let [low, high] = [0, 0];
  for (const entry of entries) {
    if (!isLive(entry)) continue;
    low = (low + hash(entry, 0x9e3779b9)) | 0;
    high = (high + hash(entry, 0x85ebca6b)) | 0;
  }
  const bytes = new Uint8Array(DIGEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, low, true);
  view.setInt32(4, high, true);
  return bytes;
}

/** FNV-1a over the id and the incarnation, mixed so that sums of it differ. */
function hash({ id, incarnation }: StateEntry | MemberView, seed: number): number {
  let mixed = seed | 0;
  for (let index = 0; index < id.length; index++) mixed = Math.imul(mixed ^ id.charCodeAt(index), 0x01000193);
  mixed = Math.imul(mixed ^ (incarnation % 2 ** 32), 0x01000193);
  mixed = Math.imul(mixed ^ Math.floor(incarnation / 2 ** 32), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
