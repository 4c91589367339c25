/** How a connection finds out that the process at the other end is alive but silent for ever. */
export interface KeepAliveOptions {
  /** After this long without a frame from the peer, while calls are in flight, it is sent a ping. */
  intervalMs: number;
  /** When nothing at all came for this long after the ping, the peer is given up. */
  timeoutMs: number;
}

/** What keep-alive needs of its connection. */
export interface KeepAliveOwner {
  /** Whether calls are in flight. */
  readonly isBusy: boolean;
  sendPing(): void;
  /** The peer showed no sign of life for `silentMs`. */
  onSilence(silentMs: number): void;
}

/**
 * Pings while calls are in flight. A connection without calls is left alone: nobody waits for it, the kernel reports the
 * death of a local peer and the transport that of a remote one, and an idle process shall use no CPU. One timer per
 * connection runs while there are calls, and once more after the last one.
 */
export class KeepAlive {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Frames received since the timer was set. */
  private heard = false;
  private pinged = false;
  /** Since the last ping somebody has said that the peer is gone. */
  private doubted = false;
  /** While there were no calls somebody has said that the peer is gone: what it was to be given; 0 when it is not doubted. */
  private doubtMs = 0;
  /** How long the peer will have been silent when the timer fires, at least. */
  private silentMs = 0;

  constructor(private readonly owner: KeepAliveOwner, private readonly options: KeepAliveOptions) {}

  /** A frame arrived. */
  onFrame(): void {
    this.heard = true;
  }

  /** A call begins. */
  onCall(): void {
    if (this.doubtMs > 0) this.recallDoubt();
    if (this.timer === undefined) this.listen();
  }

  /**
   * Somebody says that the peer is gone. It is asked at once, and given up when nothing at all comes for `timeoutMs`; without
   * calls it is asked when the next one is made, unless something has come by then. Being told again while it is waited for
   * an answer changes nothing.
   */
  doubt(timeoutMs: number): void {
    if (!this.owner.isBusy) return this.noteDoubt(timeoutMs);
    if (this.doubted && !this.heard) return;
    clearTimeout(this.timer);
    this.wait(true, timeoutMs, timeoutMs);
    this.doubted = true;
    this.owner.sendPing();
  }

  /** Whoever has said that the peer is gone says that it is back: who was not asked yet need not be. */
  believe(): void {
    this.doubtMs = 0;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private noteDoubt(timeoutMs: number): void {
    this.doubtMs = timeoutMs;
    this.heard = this.doubted = false;
  }

  private recallDoubt(): void {
    const { doubtMs } = this;
    this.doubtMs = 0;
    if (!this.heard) this.doubt(doubtMs);
  }

  private listen(): void {
    this.wait(false, this.options.intervalMs, this.options.intervalMs);
  }

  private wait(pinged: boolean, waitMs: number, silentMs: number): void {
    this.heard = false;
    this.pinged = pinged;
    this.doubted = false;
    this.silentMs = silentMs;
    this.timer = setTimeout(() => this.onTimer(), waitMs);
    this.timer.unref();
  }

  private onTimer(): void {
    this.timer = undefined;
    if (!this.owner.isBusy) {
      if (this.doubted && !this.heard) this.noteDoubt(this.silentMs);
      return;
    }
    if (this.heard) return this.listen();
    if (this.pinged) return this.owner.onSilence(this.silentMs);
    const { intervalMs, timeoutMs } = this.options;
    this.wait(true, timeoutMs, intervalMs + timeoutMs);
    this.owner.sendPing();
  }
}
