import { assert, CellError, MIB, MS, toCellError, type Writer } from "../base/mod.ts";
import {
  CLOSE_LINGER_MS,
  type Link,
  type LinkReceiver,
  type LinkTransport,
  type LocalPeer,
  lost,
  QUEUE_HIGH_BYTES,
  QUEUE_LOW_BYTES,
  STALL_MS,
  type Stallable,
  StallWatch,
  type StreamLink,
  type StreamLinkOptions,
} from "../net/mod.ts";
import { yieldProcessor } from "../sys/mod.ts";
import { type Frame, Kind } from "../wire/mod.ts";
import { Doorbell, ring } from "./doorbell.ts";
import { Move, type MoveOptions, type Moving } from "./move.ts";
import { Polled, type Poller } from "./poller.ts";
import { RingConsumer } from "./ring_consumer.ts";
import { RingInbox } from "./ring_inbox.ts";
import { RingProducer } from "./ring_producer.ts";
import type { RingIndex, Segment } from "./segment.ts";

/**
 * Who waits without the event loop lets others run after so many polls in vain, about 20 us: the peer may have been woken on
 * this one's processor, and would wait there until its time slice is over...
 */
const POLLS_PER_YIELD = 512;
/** ...and asks the kernel this often whether the peer is still there: about once in a millisecond. */
const POLLS_PER_PEER_CHECK = 16_384;
/** What is read of a frame that comes before anybody reads. */
const EARLY_PAYLOAD_BYTES_MAX = 16 * MIB;
/** A link that cannot hear the doorbell looks for room this often. */
const DEAF_LOOK_MS = 1 * MS;

/** What a `LocalLink` is made with. */
export type LocalLinkOptions = MoveOptions & StreamLinkOptions & { readonly poller: Poller };

/**
 * A link between two processes of one machine. It begins on a Unix socket and moves into shared memory while it is used,
 * each direction for itself: what was committed before the switch comes first. The socket then is the doorbell, and tells
 * of the peer's death.
 */
export class LocalLink extends Polled implements Link, LinkReceiver, Stallable, Moving {
  writer: Writer;
  writable = true;
  isAwaited = true;

  #receiver: LinkReceiver | undefined;
  #payloadBytesMax = EARLY_PAYLOAD_BYTES_MAX;
  /** A frame that came before `start`. */
  #early: Frame | undefined;
  readonly #move: Move;
  readonly #stallWatch: StallWatch;
  #producer: RingProducer | undefined;
  #doorbell: Doorbell | undefined;
  #consumer: RingConsumer | undefined;
  /** There once the other side sends in the ring and somebody reads. */
  #inbox: RingInbox | undefined;
  /** Added to the socket's count of bytes it is this link's. */
  #socketOffsetBytes = 0;
  /** What waited for the ring when the link was lost. */
  #lostBytes = 0;
  #isPaused = false;
  #isClosing = false;
  #isClosed = false;
  #closeError: CellError | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #deafTimer: ReturnType<typeof setTimeout> | undefined;
  /** Since something came. */
  #pollsInVain = 0;

  constructor(private readonly control: StreamLink<LocalPeer>, private readonly options: LocalLinkOptions) {
    super();
    this.writer = control.writer;
    this.#stallWatch = new StallWatch(this, options.stallMs ?? STALL_MS);
    if (options.role === "server") options.poller.keepContext();
    this.#move = new Move(this, control, options);
    control.start(this, EARLY_PAYLOAD_BYTES_MAX);
    if (!this.#isClosed) this.#move.begin();
  }

  get peer(): LocalPeer {
    return this.control.peer;
  }

  get transport(): LinkTransport {
    return this.#producer !== undefined && this.#consumer !== undefined ? "shm" : "uds";
  }

  /** Resolves when both directions have moved; rejects when they stay on the socket. */
  get moved(): Promise<void> {
    return this.#move.done;
  }

  get committedBytes(): number {
    const { committedBytes } = this.#producer ?? this.control;
    return this.#socketOffsetBytes + committedBytes;
  }

  get queuedBytes(): number {
    return this.#lostBytes + (this.#producer ?? this.control).queuedBytes;
  }

  get leftBytes(): number {
    return this.committedBytes - this.queuedBytes;
  }

  /** Bytes ever received through the ring. */
  get receivedBytes(): number {
    return this.#inbox?.receivedBytes ?? 0;
  }

  get movedBytes(): number {
    return this.receivedBytes + (this.#producer?.committedBytes ?? 0);
  }

  get midFrame(): boolean {
    return this.control.midFrame || (this.#inbox?.midFrame ?? false);
  }

  start(receiver: LinkReceiver, payloadBytesMax: number): void {
    assert(this.#receiver === undefined, "a link is started once");
    this.#receiver = receiver;
    this.#payloadBytesMax = payloadBytesMax;
    if (this.#isClosed) return receiver.onClose(this.#closeError);
    this.control.limitPayload(payloadBytesMax);
    if (this.#consumer !== undefined) this.#read();
    const early = this.#early;
    if (early === undefined) return;
    this.#early = undefined;
    try {
      if (early.end - early.start <= payloadBytesMax) this.onFrame(early);
      else this.onOversized({ ...early, start: 0, end: 0 });
    } catch (thrown) {
      this.onViolation(toCellError(thrown, "INTERNAL"));
    }
    this.control.resume();
  }

  commit(): void {
    const producer = this.#producer;
    if (producer === undefined) {
      this.control.commit();
      this.writable = this.control.writable;
      return this.#move.onCommit();
    }
    try {
      producer.commit();
    } catch (thrown) {
      return this.#onBroken(thrown);
    }
    this.#afterSending(producer);
    this.#doorbell!.onCommit(this.isAwake && this.options.poller.isInTurn);
    if (this.isAwake) return;
    if (producer.queuedBytes > 0) this.options.poller.wake(this);
    else if (this.isAwaited) this.options.poller.expect(this);
  }

  flush(): void {
    if (this.#producer === undefined) this.control.flush();
    else this.#flushRing(this.#producer);
  }

  receiveNow(): void {
    if (this.transport !== "shm") return this.control.receiveNow();
    if (this.poll() > 0) {
      this.#pollsInVain = 0;
      return;
    }
    if (++this.#pollsInVain % POLLS_PER_YIELD !== 0) return;
    yieldProcessor();
    if (this.#pollsInVain % POLLS_PER_PEER_CHECK !== 0 || !this.control.isPeerGone) return;
    this.control.destroy(lost("the peer closed the connection"));
  }

  pause(): void {
    this.#isPaused = true;
    this.#inbox?.pause();
    if (this.#consumer === undefined) this.control.pause();
  }

  resume(): void {
    if (this.#isClosed) return;
    this.#isPaused = false;
    this.control.resume();
    this.#inbox?.resume();
    if (this.#consumer !== undefined) this.options.poller.wake(this);
  }

  ref(): void {
    // What is waited for begins now: how long ago the last answer came says nothing about how long this one takes.
    this.isQuiet = false;
    this.isAwaited = true;
    this.control.ref();
  }

  unref(): void {
    this.isAwaited = false;
    this.control.unref();
  }

  close(error?: CellError): void {
    if (this.#isClosed || this.#isClosing) return;
    this.#isClosing = true;
    this.#closeError = error;
    this.#inbox?.stop();
    const producer = this.#producer;
    if (producer === undefined) return this.control.close(error);
    this.#flushRing(producer);
    if (this.#isClosed) return;
    if (producer.queuedBytes === 0) return this.control.close(error);
    this.#lingerTimer = setTimeout(() => this.destroy(error), this.options.closeLingerMs ?? CLOSE_LINGER_MS);
    // A paused socket hears neither the doorbell nor the peer's end.
    this.control.resume();
    this.options.poller.wake(this);
  }

  destroy(error?: CellError): void {
    if (this.#isClosed) return;
    this.#isClosing = true;
    this.#closeError ??= error;
    this.#inbox?.stop();
    this.control.destroy(error);
  }

  // What the poller asks for.

  poll(): number {
    if (this.#isClosed) return 0;
    const producer = this.#producer;
    const inbox = this.#inbox;
    let moved = 0;
    try {
      if (producer !== undefined && producer.queuedBytes > 0 && this.#flushRing(producer)) moved = 1;
      if (inbox === undefined) return moved;
      const records = inbox.poll();
      if (records > 0 && !this.#isClosed && inbox.takeRoomWake()) ring(this.control);
      return moved + records;
    } catch (thrown) {
      this.#onBroken(thrown);
      return 1;
    }
  }

  afterRound(): void {
    this.#doorbell?.settle();
  }

  wakeUp(): void {
    this.#inbox?.wake();
  }

  sleep(): boolean {
    if (this.#isClosed) return true;
    const producer = this.#producer;
    try {
      this.afterRound();
      if (producer !== undefined && producer.queuedBytes > 0) {
        if (!producer.waitForRoom()) return false;
        if (this.#isDeaf) this.#lookLater();
      }
      return this.#inbox?.sleep() ?? true;
    } catch (thrown) {
      this.#onBroken(thrown);
      return true;
    }
  }

  // What the socket tells.

  onFrame(frame: Frame): void {
    if (frame.kind === Kind.upgrade) return this.#onUpgrade(frame);
    if (this.#isClosing) return;
    // Who finds the ring broken cannot say so in it.
    if (this.#consumer !== undefined && frame.kind !== Kind.goaway) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `a frame of kind ${frame.kind} came over the socket after the connection had moved`,
      );
    }
    if (this.#receiver !== undefined) return this.#receiver.onFrame(frame);
    const { start, end } = frame;
    this.#early = { ...frame, bytes: frame.bytes.slice(start, end), start: 0, end: end - start };
    this.control.pause();
    this.#move.onEarlyFrame();
  }

  onOversized(frame: Frame): void {
    if (this.#consumer === undefined && !this.#isClosing) this.#receiver?.onOversized(frame);
  }

  onViolation(error: CellError): void {
    if (this.#receiver === undefined) this.destroy(error);
    else this.#receiver.onViolation(error);
  }

  onWritable(): void {
    if (this.#producer !== undefined) return;
    this.writable = true;
    this.#receiver?.onWritable();
  }

  onClose(error: CellError | undefined): void {
    if (!this.#isClosing) this.#readRest();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeError ??= error;
    this.options.poller.forget(this);
    this.#stallWatch.stop();
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#deafTimer);
    this.#inbox?.stop();
    this.#leaveRing();
    this.#move.onClose(this.#closeError);
    this.#receiver?.onClose(this.#closeError);
  }

  // What the move does.

  sendInRing(segment: Segment, index: RingIndex): void {
    const { committedBytes } = this.control;
    const producer = new RingProducer(
      segment.ring(index),
      (fromBytes, toBytes) => segment.allocateRing(index, fromBytes, toBytes),
    );
    this.#socketOffsetBytes = committedBytes;
    this.#producer = producer;
    this.#doorbell = new Doorbell(this.control, producer);
    this.writer = producer.writer;
    if (this.writable) return;
    this.writable = true;
    this.#receiver?.onWritable();
  }

  receiveInRing(segment: Segment, index: RingIndex): void {
    this.#consumer = new RingConsumer(segment.ring(index));
    if (this.#receiver !== undefined) this.#read();
  }

  // What is common to the above.

  #read(): void {
    const onPartial = () => this.#stallWatch.start();
    this.#inbox = new RingInbox(this.#consumer!, this.#receiver!, this.#payloadBytesMax, onPartial);
    if (this.#isPaused) this.#inbox.pause();
    this.options.poller.wake(this);
  }

  #onUpgrade({ bytes, start, end }: Frame): void {
    if (start < end) return this.#move.receive(bytes, start, end);
    if (this.#producer === undefined && this.#consumer === undefined) {
      throw new CellError("INVALID_ARGUMENT", "a doorbell rang on a connection that has not moved");
    }
    this.options.poller.answer(this);
  }

  #flushRing(producer: RingProducer): boolean {
    let hasMoved: boolean;
    try {
      hasMoved = producer.flush();
    } catch (thrown) {
      this.#onBroken(thrown);
      return true;
    }
    this.#afterSending(producer);
    this.#doorbell!.ringIfAsleep();
    if (this.#isClosing && producer.queuedBytes === 0) this.control.close(this.#closeError);
    return hasMoved;
  }

  #afterSending(producer: RingProducer): void {
    const { queuedBytes } = producer;
    if (queuedBytes === 0 && this.writable) return;
    if (queuedBytes > 0) this.#stallWatch.start();
    if (this.writable) this.writable = queuedBytes <= QUEUE_HIGH_BYTES;
    else if (queuedBytes < QUEUE_LOW_BYTES && !this.#isClosing) {
      this.writable = true;
      this.#receiver?.onWritable();
    }
  }

  /** The peer has written what makes no sense where both of us write. */
  #onBroken(thrown: unknown): void {
    if (this.#isClosed) return;
    const error = toCellError(thrown, "INTERNAL");
    this.#inbox?.stop();
    this.#leaveRing();
    if (!this.#isClosing) this.onViolation(error);
    this.close(error);
    // What waited for the ring when it was being closed waits no longer.
    this.control.close(this.#closeError);
  }

  /** What the peer had sent before it left. */
  #readRest(): void {
    try {
      this.#inbox?.readRest();
    } catch (thrown) {
      this.#onBroken(thrown);
    }
  }

  /**
   * Between the accept and the switch a server sends in its ring and reads from the socket: while that is paused, the
   * doorbell that says that there is room waits behind the frames that are not read.
   */
  get #isDeaf(): boolean {
    return this.#isPaused && this.#consumer === undefined && !this.#isClosing;
  }

  #lookLater(): void {
    this.#deafTimer ??= setTimeout(() => {
      this.#deafTimer = undefined;
      if (this.control.isPeerGone) this.control.destroy(lost("the peer closed the connection"));
      else this.options.poller.wake(this);
    }, DEAF_LOOK_MS);
  }

  /** From now on what is committed is only counted. */
  #leaveRing(): void {
    const producer = this.#producer;
    if (producer !== undefined) {
      const committedBytes = this.#socketOffsetBytes + producer.committedBytes;
      this.#lostBytes = producer.queuedBytes;
      this.#producer = undefined;
      this.writer = this.control.writer;
      // Doorbells may wait in the socket, and are none of what was committed; what was sent before the move counts as left.
      this.#socketOffsetBytes = committedBytes - this.control.leftBytes;
    }
    this.#doorbell = undefined;
    this.#consumer = undefined;
  }
}
