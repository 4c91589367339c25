import { createHash } from "node:crypto";
import { ByteReader, ByteWriter, KIB, MalformedError } from "../base/mod.ts";
import { REVOCATION_BYTES, REVOCATIONS_MAX } from "../net/identity/mod.ts";
import { SYNC_BYTES_MAX } from "./catalog/mod.ts";
import { DIGEST_BYTES, STATE_BYTES_MAX } from "./core/mod.ts";
import { type ClusterKey, KEYS_MAX, readKeys, writeKeys } from "./seal/mod.ts";

const VERSION = 1;
const SENDER_BYTES = 16;
const WANTS_STATE_BIT = 1;
const REVOCATIONS_BYTES_MAX = REVOCATIONS_MAX * REVOCATION_BYTES;
/** Everything but the three large blocks. */
const HEAD_BYTES_MAX = 1 * KIB;
/** No message of an exchange is longer. With the 600 bytes that a record has, 10,000 nodes take 6.3 MB. */
export const EXCHANGE_BYTES_MAX = HEAD_BYTES_MAX + REVOCATIONS_BYTES_MAX + STATE_BYTES_MAX + SYNC_BYTES_MAX;

/** What two nodes tell each other over a stream. Blocks that have nothing to say are empty. */
export interface ExchangeMessage {
  readonly sender: string;
  readonly keys: readonly ClusterKey[];
  /** 8 bytes each. */
  readonly revocationsDigest: Uint8Array;
  readonly membershipDigest: Uint8Array;
  /** The sender has been told a digest that differs from its own, and no state. */
  readonly wantsState: boolean;
  readonly revocations: Uint8Array;
  readonly state: Uint8Array;
  readonly catalog: Uint8Array;
}

/** Of bytes that are the same for the same set. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, DIGEST_BYTES);
}

/**
 * version (1), flags (1: wants state), sender (16), keys (1 + 42 each), digests of revocations and members (8 each), then
 * revocations, state and catalogue, each behind its length (4).
 */
export function encodeExchange(message: ExchangeMessage): Uint8Array {
  const { revocations, state, catalog } = message;
  const writer = new ByteWriter(HEAD_BYTES_MAX + revocations.length + state.length + catalog.length);
  writer.uint8(VERSION).uint8(message.wantsState ? WANTS_STATE_BIT : 0).hex(message.sender);
  writeKeys(writer, message.keys);
  writer.raw(message.revocationsDigest).raw(message.membershipDigest);
  return writer.block(revocations).block(state).block(catalog).finish();
}

/** Reads what another node sent. Throws INVALID_ARGUMENT for what none of ours sends. Blocks are views of `bytes`. */
export function decodeExchange(bytes: Uint8Array): ExchangeMessage {
  if (bytes.length > EXCHANGE_BYTES_MAX) {
    throw new MalformedError(`an exchange of ${bytes.length} bytes, ${EXCHANGE_BYTES_MAX} at most`);
  }
  const reader = new ByteReader(bytes);
  const version = reader.uint8("the version");
  if (version !== VERSION) throw new MalformedError(`an exchange of version ${version}, expected ${VERSION}`);
  const flags = reader.uint8("the flags");
  if ((flags & ~WANTS_STATE_BIT) !== 0) throw new MalformedError(`unknown flags ${flags} in an exchange`);
  const message = {
    wantsState: (flags & WANTS_STATE_BIT) !== 0,
    sender: reader.hex(SENDER_BYTES, "the sender"),
    keys: readKeys(reader, KEYS_MAX),
    revocationsDigest: reader.view(DIGEST_BYTES, "a digest"),
    membershipDigest: reader.view(DIGEST_BYTES, "a digest"),
    revocations: reader.block(REVOCATIONS_BYTES_MAX, "the revocations"),
    state: reader.block(STATE_BYTES_MAX, "the state"),
    catalog: reader.block(SYNC_BYTES_MAX, "the catalogue"),
  };
  reader.finish("the catalogue");
  return message;
}
