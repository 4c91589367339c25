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

  constructor(private readonly owner: KeepAliveOwner, private readonly options: KeepAliveOptions) {}

  /** A frame arrived. */
  onFrame(): void {
    this.heard = true;
  }

  /** A call begins. */
  onCall(): void {
    if (this.timer === undefined) this.wait(false);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private wait(pinged: boolean): void {
    this.heard = false;
    this.pinged = pinged;
    this.timer = setTimeout(() => this.onTimer(), pinged ? this.options.timeoutMs : this.options.intervalMs);
    this.timer.unref();
  }

  private onTimer(): void {
    this.timer = undefined;
    if (!this.owner.isBusy) return;
    if (this.heard) return this.wait(false);
    if (this.pinged) return this.owner.onSilence(this.options.intervalMs + this.options.timeoutMs);
    this.wait(true);
    this.owner.sendPing();
  }
}
