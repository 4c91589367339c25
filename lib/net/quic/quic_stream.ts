import { type CellError, SECOND } from "../../base/mod.ts";
import { lost } from "../stall_watch.ts";
import type { ByteStream } from "../stream_link.ts";
import { CloseCode, endError } from "./close.ts";
import { FlowWindow } from "./flow_window.ts";
import { IDLE_MS_MIN } from "./options.ts";
import { DRAINABLE, type QuicSession, type QuicStream } from "./runtime.ts";

/** How long an ended connection waits for its peer to have read all and to close it. */
export const END_LINGER_MS = 2 * SECOND;

/** How long it may take until the runtime says that a session is over whose stream it has ended. */
export const SESSION_END_MS = 50;

/** How often a paused stream looks at what its peer has sent. */
const OVERRUN_CHECK_MS = 20;

/** Whom a stream tells what happens. */
export interface QuicStreamOwner {
  /** A chunk, which is the owner's from now on. */
  onData(chunk: Uint8Array): void;
  /** There is room again. */
  onDrain(): void;
  /** The stream is over; undefined when the peer ended it after its last byte. Called once and last. */
  onClosed(error: CellError | undefined): void;
}

/**
 * A connection as bytes in order both ways: one bidirectional stream for them, one for how much each side takes, and the
 * session's end as theirs.
 *
 * The runtime gives what arrived through an async iterator only, in batches of up to 16 chunks; who has paused leaves the
 * rest of a batch where it is and asks for no further one, so that the peer runs into its window (`FlowWindow`).
 */
export class QuicByteStream implements ByteStream {
  private paused = false;
  private resumed: (() => void) | undefined;
  private isOver = false;
  private isEnding = false;
  private isWaitingForRoom = false;
  private heardAtMs = performance.now();
  private readonly window: FlowWindow;
  private overrunTimer: ReturnType<typeof setInterval> | undefined;
  private endTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: QuicSession,
    private readonly stream: QuicStream,
    private owner: QuicStreamOwner,
    windowBytes: number,
  ) {
    this.window = new FlowWindow(windowBytes, () => this.onRoom());
    // Without a handler the runtime reports each lost connection as an unhandled rejection.
    stream.onerror = () => {};
    session.closed.then(() => this.onSessionClosed(undefined), (error: Error) => this.onSessionClosed(error));
    void this.read();
  }

  /** Whoever hears of everything from now on. */
  handOver(owner: QuicStreamOwner): void {
    this.owner = owner;
  }

  /** The stream on which both sides say how much they take. */
  openWindow(stream: QuicStream): void {
    this.window.open(stream);
  }

  write(bytes: Uint8Array<ArrayBuffer>, offset: number, byteCount: number): number {
    if (this.isOver || this.isEnding) return -1;
    // A writer that somebody waits for takes nothing.
    if (this.isWaitingForRoom) return 0;
    const { writer } = this.stream;
    const room = writer.desiredSize;
    if (room === null) return -1;
    const taken = Math.min(room, byteCount, this.window.room);
    if (taken > 0 && !writer.writeSync(bytes.subarray(offset, offset + taken))) return -1;
    this.window.onSent(taken);
    // Room in the window is told by the peer.
    if (taken < byteCount && taken === room) this.waitForRoom();
    return taken;
  }

  pause(): void {
    this.paused = true;
    this.overrunTimer ??= setInterval(() => this.checkOverrun(), OVERRUN_CHECK_MS);
    this.overrunTimer.unref();
  }

  resume(): void {
    this.paused = false;
    clearInterval(this.overrunTimer);
    this.overrunTimer = undefined;
    const { resumed } = this;
    this.resumed = undefined;
    resumed?.();
  }

  /** The runtime's QUIC sockets know neither; `UnrefLinger` does what can be done. */
  ref(): void {}
  unref(): void {}

  end(): void {
    if (this.isOver || this.isEnding) return;
    this.isEnding = true;
    this.resume();
    this.stream.writer.endSync();
    this.endTimer = setTimeout(() => this.destroy(CloseCode.done), END_LINGER_MS);
  }

  terminate(): void {
    this.destroy(CloseCode.destroyed);
  }

  /** Ends the session at once and tells the peer why. The owner is told nothing. */
  destroy(code: number, reason = ""): void {
    this.isOver = true;
    clearTimeout(this.endTimer);
    this.resume();
    this.session.destroy(undefined, { code, type: "application", reason });
  }

  private waitForRoom(): void {
    if (this.isWaitingForRoom) return;
    this.isWaitingForRoom = true;
    const drained = this.stream.writer[DRAINABLE]() ?? Promise.resolve();
    // Rejects with the stream's end, which is told otherwise.
    drained.then(() => {
      this.isWaitingForRoom = false;
      this.onRoom();
    }, () => {});
  }

  private onRoom(): void {
    if (!this.isOver && !this.isWaitingForRoom) this.owner.onDrain();
  }

  /** A peer that sends more than it may would fill the memory of who has paused. */
  private checkOverrun(): void {
    if (this.isOver || !this.window.isOverrun(Number(this.stream.stats.bytesAccumulated))) return;
    this.destroy(CloseCode.protocol, "more was sent than was granted");
    this.owner.onClosed(lost("the peer sent more than it was granted"));
  }

  private async read(): Promise<void> {
    try {
      for await (const batch of this.stream) {
        for (const chunk of batch) {
          while (this.paused && !this.isOver) await new Promise<void>((resolve) => this.resumed = resolve);
          if (this.isOver) return;
          this.heardAtMs = performance.now();
          this.window.onConsumed(chunk.length);
          this.owner.onData(chunk);
        }
      }
    } catch (error) {
      // A reset stream, which is of no use to anybody, or the end of the session, which gives its own reason soon after.
      afterSessionEnd(() => this.fail(error as Error));
      return;
    }
    // The runtime ends the stream of a session that was silent for too long as if the peer had, and the session soon after.
    const wasSilent = performance.now() - this.heardAtMs >= IDLE_MS_MIN;
    if (wasSilent) afterSessionEnd(() => this.onPeerEnd());
    else this.onPeerEnd();
  }

  /** The peer has sent its last byte and waits for the session to be closed. */
  private onPeerEnd(): void {
    if (this.isOver || this.session.destroyed) return;
    this.isOver = true;
    this.stream.writer.endSync();
    void this.session.close({ code: CloseCode.done, type: "application" });
    this.owner.onClosed(undefined);
  }

  private onSessionClosed(error: Error | undefined): void {
    clearTimeout(this.endTimer);
    this.fail(error);
  }

  private fail(error: Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.resume();
    this.session.destroy(undefined, { code: CloseCode.destroyed, type: "application" });
    this.owner.onClosed(this.isEnding ? undefined : endError(error));
  }
}

/**
 * Runs `work` when the end of the session should have been told. In two halves: after a stop of this process the first one
 * is over at once, before anything that has happened is told, and the second is not.
 */
function afterSessionEnd(work: () => void): void {
  setTimeout(() => setTimeout(work, SESSION_END_MS / 2), SESSION_END_MS / 2);
}
