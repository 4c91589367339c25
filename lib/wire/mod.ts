/**
 * Bytes on a connection: a 20-byte header, then a payload, nothing else. `docs/protocol.md` is the normative text.
 *
 * Turned down: HTTP/2 framing (HPACK and its state cost more than our whole header, and a frame of ours is a message, not
 * a part of one); length-prefixed MessagePack envelopes (a map per message must be decoded before one knows whom it is
 * for, and a limit can only be checked after the fact); protobuf (a second schema language). A fixed header is read with
 * a handful of byte loads, says the payload's length before memory is spent on it, and can be patched after the payload
 * was encoded in place.
 *
 * Writing: `beginFrame` puts a header with length 0 into the link's `Writer`, the codec appends the payload, `endFrame`
 * patches the length. Nothing is copied and no size is computed in advance.
 *
 * Reading: `FrameReader` takes chunks as the transport delivers them. A frame inside one chunk is handed on as a range
 * of that chunk. One that spans chunks grows a buffer as its bytes arrive, by doubling, never because a header claims
 * that many will come. A payload over the limit is dropped as it arrives and reported once, so that the call gets an
 * error and the connection lives. A header that no correct peer sends is a violation, and the reader stops for good.
 *
 * Chunks may lie in memory that the peer can write to while they are read. Each header is read once, into the frame that is
 * handed on, and never looked at again, not even when the rest of its frame comes later; text becomes a string from a copy
 * that was checked; of a chunk that is only lent, nothing but copies stays.
 *
 * Invariants: a frame's bytes are delivered exactly once, in order, whatever the chunking; between two frames nothing is
 * held but the bytes of an incomplete one; `pause` takes effect between two frames, not between two chunks.
 */
export { Flag, type Frame, HEADER_BYTES, Kind } from "./frame.ts";
export { FrameReader, type FrameSink } from "./frame_reader.ts";
export { type Gene, geneOf } from "./gene.ts";
export { type Goaway, GOAWAY_REASONS, type GoawayReason, readGoaway, writeGoaway } from "./goaway.ts";
export { beginFrame, endFrame, GOAWAY_BYTES_MAX, UPGRADE_BYTES_MAX } from "./header.ts";
export { Cursor, readUint, writeUint } from "./message_pack.ts";
export { type Metadata, METADATA_BYTES_MAX, MetadataWriter, readMetadata } from "./metadata.ts";
