import type { LinkReceiver } from "../net/mod.ts";
import { FrameReader } from "../wire/mod.ts";
import { RECORD_ALIGNMENT, RING_BYTES_MAX } from "./layout.ts";
import type { RingConsumer } from "./ring_consumer.ts";
import type { RecordSink } from "./ring_memory.ts";

/** Records of one connection that are handled before the next connection has its turn. */
export const RECORDS_PER_POLL = 32;

/** Makes frames of a ring's records and hands them on where they lie. */
export class RingInbox implements RecordSink {
  /** Bytes ever received. */
  receivedBytes = 0;
  #isPaused = false;
  #isStopped = false;
  readonly #reader: FrameReader;

  /** `onPartial` hears of each record after which a frame is incomplete. */
  constructor(
    private readonly consumer: RingConsumer,
    receiver: LinkReceiver,
    payloadBytesMax: number,
    private readonly onPartial: () => void,
  ) {
    this.#reader = new FrameReader(receiver, payloadBytesMax, "lent");
  }

  get midFrame(): boolean {
    return this.#reader.midFrame;
  }

  /** Hands on some of what is there; how many records that were. Throws what the ring throws when it makes no sense. */
  poll(): number {
    return this.#isPaused || this.#isStopped ? 0 : this.consumer.poll(this, RECORDS_PER_POLL);
  }

  /** What the peer had sent before it left: no more than a ring holds, whatever the peer still writes. */
  readRest(): void {
    let recordsLeft = RING_BYTES_MAX / RECORD_ALIGNMENT;
    while (recordsLeft > 0) {
      const count = this.poll();
      if (count === 0) return;
      recordsLeft -= count;
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#reader.pause();
    this.consumer.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#reader.resume();
  }

  /** Hands nothing on any more, not even the rest of what is being handed on. */
  stop(): void {
    this.#isStopped = true;
    this.#reader.stop();
    this.consumer.pause();
  }

  /** Asks for the doorbell when something comes; false, without asking, when there is something. */
  sleep(): boolean {
    return this.#isPaused || this.#isStopped || this.consumer.sleep();
  }

  /** The doorbell need not ring any more. */
  wake(): void {
    this.consumer.wake();
  }

  /** Whether the peer is to be told that there is room again. */
  takeRoomWake(): boolean {
    return this.consumer.takeRoomWake();
  }

  onRecord(bytes: Uint8Array, start: number, end: number): void {
    this.receivedBytes += end - start;
    this.#reader.push(bytes, start, end);
    if (this.#reader.midFrame) this.onPartial();
  }
}
