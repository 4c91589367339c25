import { assert, CellError, KIB, MIB, SECOND, Writer } from "../base/mod.ts";
import { isHungUp } from "../sys/mod.ts";
import { type Frame, FrameReader, type FrameSink } from "../wire/mod.ts";
import type { Link, LinkReceiver, LinkTransport, Peer } from "./link.ts";
import { lost, STALL_MS, StallWatch } from "./stall_watch.ts";

/**
 * Committed bytes beyond this are sent at once instead of at the end of the turn, so that the peer works on the first
 * forty small calls of a turn while the others are encoded. With 64 calls in flight between two processes on two cores:
 * 300 k calls/s when everything waits for the end of the turn, 500 k/s at 2 KiB, 430 k/s at 512 bytes.
 */
export const FLUSH_BYTES = 2 * KIB;
/** Above this many queued bytes a link says that it is not writable... */
export const QUEUE_HIGH_BYTES = 1 * MIB;
/** ...and below this many that it is again. */
export const QUEUE_LOW_BYTES = 256 * KIB;
/** How long a link that is being closed waits for its peer to take what is queued. */
export const CLOSE_LINGER_MS = 2 * SECOND;
/** How long a link whose peer takes nothing any more waits for the end of what the peer sent. */
const BROKEN_LINGER_MS = 10;
/** First size of the outgoing buffer of a link. Most calls fit, and an idle service pays it per connection. */
const WRITER_BYTES = 1 * KIB;
/** The queue is moved to the front of its buffer when at least this much in front of it has been sent. */
const COMPACT_BYTES_MIN = 256 * KIB;

/** What moves the bytes of a `StreamLink`: a socket of the runtime fits as it is. */
export interface ByteStream {
  /** Of a stream that the kernel knows. */
  readonly fd?: number;
  /** Takes as much of the range as it can at once and returns how much that was; negative when the stream is gone. */
  write(bytes: Uint8Array<ArrayBuffer>, offset: number, byteCount: number): number;
  pause(): void;
  resume(): void;
  /** Keeps the process alive, as a new stream does, or not. */
  ref(): void;
  unref(): void;
  /** Closes; bytes that were taken still reach the peer. */
  end(): void;
  /** Closes at once. */
  terminate(): void;
}

/** How a link treats its stream; the times are what tests shorten. */
export interface StreamLinkOptions {
  /** @default STALL_MS */
  stallMs?: number;
  /** @default CLOSE_LINGER_MS */
  closeLingerMs?: number;
  /**
   * For streams whose write costs much, such as a record of TLS: after the first write of a turn of the event loop, what
   * is less than FLUSH_BYTES waits for the turn's end. A generator makes each item of a stream in microtasks of its own:
   * 250 k items/s over TLS when every few of them are a write, 1.2 M/s together; a lone call is as fast either way.
   * @default false
   */
  gathers?: boolean;
  /**
   * Above this many queued bytes the link says that it is not writable, and below a quarter of it that it is again. Less is for
   * peers of which there are many who may not be worth it. @default QUEUE_HIGH_BYTES
   */
  queueHighBytes?: number;
}

/**
 * A link over any stream of bytes. Whoever owns the stream calls `onData`, `onDrain` and `onClosed`.
 *
 * Outgoing frames lie in `writer` one after another: [0, sent) has left, [sent, committed) waits, and behind that the
 * next frame is being encoded.
 */
export class StreamLink<Who extends Peer = Peer> implements Link, FrameSink {
  readonly writer = new Writer(WRITER_BYTES);
  committedBytes = 0;
  writable = true;

  private sent = 0;
  private committed = 0;
  /** The stream took less than it was given; `onDrain` goes on. */
  private blocked = false;
  private flushScheduled = false;
  /** Something was written in this turn already, and its end is waited for. Never with a stream whose write costs little. */
  private inWrittenTurn = false;
  private receiver: LinkReceiver | undefined;
  private reader: FrameReader | undefined;
  /** What arrived before `start`. */
  private early: Uint8Array[] = [];
  private closing = false;
  private closed = false;
  private closeError: CellError | undefined;
  private lingerTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly stallWatch: StallWatch;
  /** Bytes ever received. */
  receivedBytes = 0;
  private readonly scheduledFlush = () => {
    this.flushScheduled = false;
    this.flush();
    if (this.options.gathers !== true || this.inWrittenTurn) return;
    this.inWrittenTurn = true;
    setImmediate(this.onTurnEnd);
  };
  private readonly onTurnEnd = () => {
    this.inWrittenTurn = false;
    this.flushScheduled = false;
    this.flush();
  };

  constructor(
    private readonly stream: ByteStream,
    readonly peer: Who,
    readonly transport: LinkTransport,
    private readonly options: StreamLinkOptions = {},
  ) {
    this.stallWatch = new StallWatch(this, options.stallMs ?? STALL_MS);
  }

  get queuedBytes(): number {
    return this.committed - this.sent;
  }

  /** Whether the peer is gone, asked of the kernel: known here before the event loop has had a turn to tell. */
  get isPeerGone(): boolean {
    const { fd } = this.stream;
    return this.closed || (fd !== undefined && isHungUp(fd));
  }

  /** Bytes that have left this process. */
  get leftBytes(): number {
    return this.committedBytes - this.queuedBytes;
  }

  get midFrame(): boolean {
    return this.reader?.midFrame ?? false;
  }

  start(receiver: LinkReceiver, payloadBytesMax: number): void {
    assert(this.receiver === undefined, "a link is started once");
    this.receiver = receiver;
    if (this.closed) return receiver.onClose(this.closeError);
    this.reader = new FrameReader(this, payloadBytesMax);
    const early = this.early;
    if (early.length === 0) return;
    this.early = [];
    for (const chunk of early) this.onData(chunk);
    this.stream.resume();
  }

  /** Longest payload that is delivered from now on. */
  limitPayload(payloadBytesMax: number): void {
    if (this.reader !== undefined) this.reader.payloadBytesMax = payloadBytesMax;
  }

  commit(): void {
    const { writer } = this;
    this.committedBytes += writer.length - this.committed;
    this.committed = writer.length;
    if (this.closed) this.forgetQueue();
    else if (this.blocked) this.updateWritable();
    else if (this.committed - this.sent >= FLUSH_BYTES) this.flush();
    else if (!this.flushScheduled) {
      this.flushScheduled = true;
      if (!this.inWrittenTurn) queueMicrotask(this.scheduledFlush);
    }
  }

  flush(): void {
    const count = this.committed - this.sent;
    if (count === 0 || this.blocked || this.closed) return;
    const { writer } = this;
    const taken = this.stream.write(writer.bytes, this.sent, count);
    if (taken < 0) return this.onBroken();
    this.sent += taken;
    if (taken === count) {
      if (writer.length === this.sent) {
        writer.reset();
        this.sent = this.committed = 0;
      }
    } else {
      this.blocked = true;
      this.compact();
      this.stallWatch.start();
    }
    this.updateWritable();
  }

  receiveNow(): void {
    throw new CellError(
      "FAILED_PRECONDITION",
      `receiving without the event loop: expected a link over shared memory, found one over ${this.transport}`,
    );
  }

  pause(): void {
    this.reader?.pause();
    this.stream.pause();
  }

  resume(): void {
    if (this.closed) return;
    this.stream.resume();
    this.reader?.resume();
  }

  ref(): void {
    if (!this.closed) this.stream.ref();
  }

  unref(): void {
    if (!this.closed) this.stream.unref();
  }

  close(error?: CellError): void {
    if (this.closed || this.closing) return;
    this.closing = true;
    this.closeError = error;
    this.reader?.stop();
    this.flush();
    if (this.queuedBytes === 0) return this.finish();
    // A paused stream would not hear that its peer is gone.
    this.stream.resume();
    this.lingerTimer ??= setTimeout(() => this.destroy(this.closeError), this.options.closeLingerMs ?? CLOSE_LINGER_MS);
  }

  destroy(error?: CellError): void {
    if (this.closed) return;
    this.closeError ??= error;
    this.stream.terminate();
    this.onClosed();
  }

  /** The stream received a chunk, which is the link's from now on. */
  onData(chunk: Uint8Array): void {
    if (this.closed || this.closing) return;
    if (this.reader === undefined) {
      this.early.push(chunk);
      this.stream.pause();
      return;
    }
    this.receivedBytes += chunk.length;
    this.reader.push(chunk);
    if (this.reader.midFrame) this.stallWatch.start();
  }

  /** The stream takes bytes again. Being told without cause is harmless. */
  onDrain(): void {
    if (this.closed) return;
    this.blocked = false;
    this.flush();
    if (this.closing && this.queuedBytes === 0) this.finish();
  }

  /** The stream is gone. */
  onClosed(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    if (error !== undefined && !this.closing) this.closeError ??= lost(error.message);
    clearTimeout(this.lingerTimer);
    this.stallWatch.stop();
    this.reader?.stop();
    this.early = [];
    this.forgetQueue();
    this.receiver?.onClose(this.closeError);
  }

  onFrame(frame: Frame): void {
    this.receiver!.onFrame(frame);
  }

  onOversized(frame: Frame): void {
    this.receiver!.onOversized(frame);
  }

  onViolation(error: CellError): void {
    this.receiver!.onViolation(error);
  }

  private finish(): void {
    this.stream.end();
    this.onClosed();
  }

  /** The peer takes nothing any more. What it sent before, such as why, may still be there to be read. */
  private onBroken(): void {
    this.blocked = true;
    this.lingerTimer ??= setTimeout(() => this.destroy(lost("the peer closed the connection")), BROKEN_LINGER_MS);
  }

  private updateWritable(): void {
    const queued = this.committed - this.sent;
    const highBytes = this.options.queueHighBytes ?? QUEUE_HIGH_BYTES;
    if (this.writable) this.writable = queued <= highBytes;
    else if (queued < Math.min(QUEUE_LOW_BYTES, highBytes / 4) && !this.closing) {
      this.writable = true;
      this.receiver?.onWritable();
    }
  }

  private compact(): void {
    const { writer } = this;
    if (this.sent < COMPACT_BYTES_MIN || this.sent < writer.length / 2) return;
    writer.bytes.copyWithin(0, this.sent, writer.length);
    writer.length -= this.sent;
    this.committed -= this.sent;
    this.sent = 0;
  }

  /** What is queued when the stream is gone never leaves; `queuedBytes` keeps its count, so that callers know. */
  private forgetQueue(): void {
    const queued = this.queuedBytes;
    this.writer.reset();
    this.sent = -queued;
    this.committed = 0;
  }
}
