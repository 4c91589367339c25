import type { CellError, Writer } from "../base/mod.ts";
import type { Frame } from "../wire/mod.ts";

/** The process at the other end, as the kernel vouches for it. */
export interface Peer {
  readonly uid: number;
  readonly pid: number;
}

/** What moves a link's bytes now. */
export type LinkTransport = "memory" | "uds" | "shm";

/** What a link tells its owner. One object serves a link for its whole life, so a frame costs no closure. */
export interface LinkReceiver {
  /** A whole frame. The frame and its bytes are only valid until this returns. */
  onFrame(frame: Frame): void;
  /** A frame announced a longer payload than `payloadBytesMax`: the payload is skipped, `frame` has only its header. */
  onOversized(frame: Frame): void;
  /** The bytes are no frames; the owner says so in a goaway and closes. Nothing is delivered afterwards. */
  onViolation(error: CellError): void;
  /** `queuedBytes` fell below the low-water mark after it had been above the high-water mark. */
  onWritable(): void;
  /** The link is gone. Called once and last; undefined when one of both sides closed it in order. */
  onClose(error: CellError | undefined): void;
}

/**
 * A connection that carries frames both ways, in order. This is the seam between the protocol and whatever moves bytes:
 * Unix sockets and memory now, shared memory and QUIC later. `lib/rpc/conformance.ts` is what each of them must pass.
 */
export interface Link {
  readonly peer: Peer;
  /** May become a faster one while the link lives. */
  readonly transport: LinkTransport;
  /** Starts delivery. Called exactly once; nothing is read from the peer before. */
  start(receiver: LinkReceiver, payloadBytesMax: number): void;
  /** Where frames are encoded in place: `beginFrame`, payload, `endFrame`, then `commit`. */
  readonly writer: Writer;
  /** Says that `writer` ends with a whole frame. All frames of one turn of the event loop leave in one write. */
  commit(): void;
  /** Sends what is committed now instead of at the end of the turn. */
  flush(): void;
  /** Bytes that were ever committed. */
  readonly committedBytes: number;
  /** Bytes that the transport has not taken over yet; `committedBytes - queuedBytes` have left this process. */
  readonly queuedBytes: number;
  /** False from the high-water mark of `queuedBytes` until `onWritable`. */
  readonly writable: boolean;
  /** True while a frame has begun to arrive and is not complete. */
  readonly midFrame: boolean;
  /**
   * Delivers now what has arrived, for callers that wait without giving the event loop a turn. Throws FAILED_PRECONDITION
   * where only the event loop can deliver.
   */
  receiveNow(): void;
  /** Stops reading, so that the peer's own queue fills up. */
  pause(): void;
  resume(): void;
  /** Keeps the process alive, as a new link does. */
  ref(): void;
  /** Lets the process end although the link is open. */
  unref(): void;
  /** Sends what is committed, as far as the peer takes it within a bound, then closes. */
  close(error?: CellError): void;
  /** Closes at once and forgets what is queued. */
  destroy(error?: CellError): void;
}
