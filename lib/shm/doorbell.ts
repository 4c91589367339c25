import { FLUSH_BYTES, type StreamLink } from "../net/mod.ts";
import { beginFrame, endFrame, HEADER_BYTES, Kind } from "../wire/mod.ts";
import type { RingProducer } from "./ring_producer.ts";

/**
 * Wakes the other side of a moved connection: an empty upgrade frame over the socket that the connection began on. It rings
 * once for all that a turn commits, since who is woken for the first of eight answers asks again one by one; but not later
 * than after the first ones of many, so that both sides work at the same time.
 */
export class Doorbell {
  /** What was committed when it was last looked whether the other side sleeps. */
  #rungBytes = 0;
  #isScheduled = false;
  readonly #scheduled = () => {
    this.#isScheduled = false;
    this.settle();
  };

  constructor(private readonly socket: StreamLink, private readonly producer: RingProducer) {}

  /** Frames were committed. `settle` is called by the end of the code that runs now, by the caller when `settles`. */
  onCommit(settles: boolean): void {
    if (this.producer.committedBytes - this.#rungBytes >= FLUSH_BYTES) this.ringIfAsleep();
    else if (!settles && !this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(this.#scheduled);
    }
  }

  /** Rings if something was committed for which it has not been looked whether the other side sleeps. */
  settle(): void {
    if (this.producer.committedBytes !== this.#rungBytes) this.ringIfAsleep();
  }

  ringIfAsleep(): void {
    this.#rungBytes = this.producer.committedBytes;
    if (this.producer.takeWake()) ring(this.socket);
  }
}

/** One that still waits in the socket is heard as well. */
export function ring(socket: StreamLink): void {
  if (socket.queuedBytes >= HEADER_BYTES) return;
  endFrame(socket.writer, beginFrame(socket.writer, Kind.upgrade, 0, 0, 0, 0, 0));
  socket.commit();
  socket.flush();
}
