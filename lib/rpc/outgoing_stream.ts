import type { Link } from "../net/mod.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import { type Context, keepContext } from "./server_call.ts";

/** Whom an outgoing stream hands its items. */
export interface OutgoingStreamOwner {
  readonly link: Link;
  /** Calls back when the link is writable again. */
  whenWritable(callback: () => void): void;
  /** Encodes and sends an item; returns what it takes from the credit. Throws when the item does not fit its type. */
  sendItem(value: unknown): number;
}

/** What a stream is made of: a generator of either kind, a ReadableStream, an array. */
export type StreamSource = AsyncIterable<unknown> | Iterable<unknown>;

/** Whether a value can be sent item by item. A string could, but nobody means that. */
export function isStreamSource(value: unknown): value is StreamSource {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/**
 * Sends what a source yields, one item at a time, as long as the receiver gives credit and the link takes bytes. The
 * source is asked for an item only when that item may be sent, so a slow receiver slows the source down.
 */
export class OutgoingStream {
  private creditBytes = STREAM_WINDOW_BYTES;
  private stopped = false;
  private iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  private wake: (() => void) | undefined;
  /** Where the source runs, from its first step to its cleaning up. */
  private context: Context | undefined;

  constructor(private readonly owner: OutgoingStreamOwner) {}

  /**
   * Sends everything: true when the source ended, false when `stop` was called. Rejects with what the source throws or
   * `sendItem` does; the source has been told to return then.
   */
  async run(source: StreamSource): Promise<boolean> {
    this.context = keepContext();
    const iterator = this.iterator = Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : source[Symbol.iterator]();
    if (this.stopped) this.release();
    while (!this.stopped) {
      if (this.creditBytes <= 0) await this.untilCredit();
      if (this.stopped) break;
      const { value, done } = await iterator.next();
      if (this.stopped) break;
      if (done) return true;
      while (!this.owner.link.writable && !this.stopped) await this.untilWritable();
      if (this.stopped) break;
      try {
        this.creditBytes -= this.owner.sendItem(value);
      } catch (error) {
        this.stop();
        throw error;
      }
    }
    return false;
  }

  /** The receiver has room for more. */
  grant(bytes: number): void {
    this.creditBytes += bytes;
    if (this.creditBytes > 0) this.wakeUp();
  }

  /** Sends nothing any more and lets the source clean up, now or when the item that it works on is done. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.wakeUp();
    this.release();
  }

  /** What a source throws while it cleans up is nobody's answer any more. */
  private release(): void {
    const { iterator, context } = this;
    void context?.(() => Promise.try(() => iterator?.return?.())).catch(() => {});
  }

  private untilCredit(): Promise<void> {
    return new Promise((resolve) => this.wake = resolve);
  }

  private untilWritable(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.owner.whenWritable(resolve);
    });
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}
