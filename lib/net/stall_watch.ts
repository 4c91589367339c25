import { CellError, SECOND } from "../base/mod.ts";

/** A peer that takes no byte of a queue, or adds none to a frame it began, for this long is given up. */
export const STALL_MS = 30 * SECOND;

/** What is looked at: one link. */
export interface Stallable {
  /** Bytes that wait for the peer. */
  readonly queuedBytes: number;
  /** Bytes ever taken over from this process. */
  readonly leftBytes: number;
  /** Bytes ever received. */
  readonly receivedBytes: number;
  /** Whether a frame has begun to arrive and is not complete. */
  readonly midFrame: boolean;
  /** Nothing moved that should have. */
  destroy(error: CellError): void;
}

/** Looks after a link while bytes of one direction wait for its peer, and gives the peer up when nothing moves any more. */
export class StallWatch {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly link: Stallable, private readonly stallMs = STALL_MS) {}

  /** Looks again after `stallMs`; more than once at a time is once. */
  start(): void {
    if (this.timer !== undefined) return;
    const { leftBytes, receivedBytes } = this.link;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.look(leftBytes, receivedBytes);
    }, this.stallMs);
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private look(leftBytesBefore: number, receivedBytesBefore: number): void {
    const { link, stallMs } = this;
    const waits = link.queuedBytes > 0;
    if (waits && link.leftBytes === leftBytesBefore) {
      link.destroy(lost(`the peer did not read for ${stallMs} ms while ${link.queuedBytes} bytes waited for it`));
    } else if (link.midFrame && !waits && link.receivedBytes === receivedBytesBefore) {
      link.destroy(lost(`the peer stopped in the middle of a frame ${stallMs} ms ago`));
    } else if (waits || link.midFrame) this.start();
  }
}

/** The error of a link that ended without either side having closed it. */
export function lost(why: string): CellError {
  return new CellError("UNAVAILABLE", `the connection is lost: ${why}`);
}
