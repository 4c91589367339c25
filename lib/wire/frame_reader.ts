import { KIB, MIB, SpareBuffer, toCellError } from "../base/mod.ts";
import type { CellError } from "../base/mod.ts";
import { type Frame, HEADER_BYTES } from "./frame.ts";
import { checkHeader, readHeader } from "./header.ts";

/** First size of the buffer for a frame that arrives in pieces; it doubles as bytes arrive, never because of a claim. */
const PARTIAL_BYTES_MIN = 4 * KIB;

const NO_BYTES = new Uint8Array(0);
/** For all readers of the process: large frames are put together in it, up to those with a message of 1 MiB and a little more. */
const spare = new SpareBuffer(32 * KIB, 2 * MIB);

/** Who is told what was read. */
export interface FrameSink {
  /** A whole frame. The frame and its bytes are only valid until this returns. */
  onFrame(frame: Frame): void;
  /** A frame whose payload is longer than the limit: it is skipped, and `frame` has only its header. */
  onOversized(frame: Frame): void;
  /** The bytes are no frames. The reader has stopped. */
  onViolation(error: CellError): void;
}

/**
 * Cuts a stream of bytes, given in pieces of any size, into frames. A frame that lies whole in one piece is handed on
 * where it lies; only one that spans pieces is put together in a buffer of its own.
 */
export class FrameReader {
  private readonly frame: Frame = {
    kind: 0,
    flags: 0,
    method: 0,
    callId: 0,
    low: 0,
    high: 0,
    bytes: NO_BYTES,
    start: 0,
    end: 0,
  };
  /** The beginning of a frame that is not complete: `partialLength` bytes of `partial`. */
  private partial: Uint8Array<ArrayBuffer> = NO_BYTES;
  private partialLength = 0;
  /** How many bytes it will have, once its header is read into `frame`; until then 0. A header is never read twice. */
  private partialFrameBytes = 0;
  /** Payload bytes of a too long frame that are still to be dropped. */
  private skipBytes = 0;
  /** Bytes that arrived while paused. */
  private held: Uint8Array = NO_BYTES;
  private paused = false;
  private stopped = false;
  private delivering = false;

  constructor(
    private readonly sink: FrameSink,
    /** Longest payload that is delivered; what has begun to arrive is measured by what this was then. */
    public payloadBytesMax: number,
    private readonly chunks: "given" | "lent" = "given",
  ) {}

  /** Whether a frame has begun and its end is missing. */
  get midFrame(): boolean {
    return this.partialLength > 0 || this.skipBytes > 0;
  }

  /**
   * Takes the next bytes: those of `chunk` from `start` to `end`. Frames inside may be delivered from `chunk` itself, so it
   * must not be written to again, unless chunks are `"lent"`: then only until this returns.
   */
  push(chunk: Uint8Array, start = 0, end = chunk.length): void {
    if (this.stopped) return;
    if (this.paused || this.delivering) this.held = concatenate(this.held, this.keepable(chunk, start, end));
    else this.run(chunk, start, end);
  }

  /** Delivers nothing until `resume`, not even what has arrived already. */
  pause(): void {
    this.paused = true;
  }

  /** Goes on with the bytes that arrived meanwhile. */
  resume(): void {
    this.paused = false;
    if (!this.delivering) this.run(NO_BYTES, 0, 0);
  }

  /** Delivers nothing any more and lets go of every byte. */
  stop(): void {
    this.stopped = true;
    this.partial = this.held = this.frame.bytes = NO_BYTES;
    this.partialLength = this.partialFrameBytes = this.skipBytes = 0;
  }

  private run(chunk: Uint8Array, start: number, end: number): void {
    this.delivering = true;
    try {
      this.deliver(chunk, start, end);
      while (this.held.length > 0 && !this.paused) {
        const held = this.held;
        this.held = NO_BYTES;
        this.deliver(held, 0, held.length);
      }
    } catch (error) {
      this.stop();
      this.sink.onViolation(toCellError(error, "INTERNAL"));
    } finally {
      this.delivering = false;
    }
  }

  private deliver(chunk: Uint8Array, start: number, end: number): void {
    let offset = start;
    while (offset < end && !this.stopped) {
      if (this.paused) {
        this.held = concatenate(this.keepable(chunk, offset, end), this.held);
        return;
      }
      if (this.skipBytes > 0) {
        const skipped = Math.min(this.skipBytes, end - offset);
        this.skipBytes -= skipped;
        offset += skipped;
      } else if (this.partialLength > 0) {
        offset = this.continuePartial(chunk, offset, end);
      } else {
        offset = this.deliverWhole(chunk, offset, end);
      }
    }
  }

  /** Delivers the frame that begins at `offset`, or keeps its beginning; returns where the next one begins. */
  private deliverWhole(chunk: Uint8Array, offset: number, end: number): number {
    const available = end - offset;
    if (available < HEADER_BYTES) {
      this.keep(chunk, offset, available, HEADER_BYTES);
      return end;
    }
    const { frame } = this;
    const payloadBytes = readHeader(chunk, offset, frame);
    checkHeader(frame, payloadBytes);
    if (payloadBytes > this.payloadBytesMax) return this.startSkipping(payloadBytes, offset + HEADER_BYTES);
    const frameBytes = HEADER_BYTES + payloadBytes;
    if (available < frameBytes) {
      this.keep(chunk, offset, available, frameBytes);
      this.partialFrameBytes = frameBytes;
      return end;
    }
    this.hand(chunk, offset + HEADER_BYTES, offset + frameBytes);
    return offset + frameBytes;
  }

  /** Adds to the frame that began in an earlier piece; returns how far the chunk is used up. */
  private continuePartial(chunk: Uint8Array, offset: number, end: number): number {
    if (this.partialFrameBytes === 0) {
      const taken = Math.min(HEADER_BYTES - this.partialLength, end - offset);
      this.keep(chunk, offset, taken, HEADER_BYTES);
      offset += taken;
      if (this.partialLength < HEADER_BYTES) return offset;
      const payloadBytes = readHeader(this.partial, 0, this.frame);
      checkHeader(this.frame, payloadBytes);
      if (payloadBytes > this.payloadBytesMax) {
        this.dropPartial();
        return this.startSkipping(payloadBytes, offset);
      }
      this.partialFrameBytes = HEADER_BYTES + payloadBytes;
    }
    const frameBytes = this.partialFrameBytes;
    const taken = Math.min(frameBytes - this.partialLength, end - offset);
    this.keep(chunk, offset, taken, frameBytes);
    if (this.partialLength === frameBytes) {
      const bytes = this.partial;
      this.dropPartial();
      this.hand(bytes, HEADER_BYTES, frameBytes);
      spare.give(bytes);
    }
    return offset + taken;
  }

  private keepable(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const range = chunk.subarray(start, end);
    return this.chunks === "lent" ? new Uint8Array(range) : range;
  }

  private startSkipping(payloadBytes: number, offset: number): number {
    this.skipBytes = payloadBytes;
    this.frame.start = this.frame.end = 0;
    this.frame.bytes = NO_BYTES;
    this.sink.onOversized(this.frame);
    return offset;
  }

  private hand(bytes: Uint8Array, start: number, end: number): void {
    const { frame } = this;
    frame.bytes = bytes;
    frame.start = start;
    frame.end = end;
    this.sink.onFrame(frame);
  }

  /** Appends `count` bytes to `partial`, whose frame will have `frameBytes` of them. */
  private keep(chunk: Uint8Array, offset: number, count: number, frameBytes: number): void {
    const needed = this.partialLength + count;
    if (needed > this.partial.length) {
      const bytes = Math.min(frameBytes, Math.max(needed, this.partial.length * 2, PARTIAL_BYTES_MIN));
      const grown = spare.take(needed, bytes);
      grown.set(this.partial.subarray(0, this.partialLength));
      this.partial = grown;
    }
    this.partial.set(chunk.subarray(offset, offset + count), this.partialLength);
    this.partialLength = needed;
  }

  private dropPartial(): void {
    this.partial = NO_BYTES;
    this.partialLength = this.partialFrameBytes = 0;
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
