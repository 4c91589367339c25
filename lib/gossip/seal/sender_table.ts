import { RateBucket } from "./rate_bucket.ts";
import { ReplayWindow } from "./replay_window.ts";

/**
 * Senders whose sequence numbers are remembered: more than a cluster has members. When one more comes, who was heard least
 * recently is forgotten. Only who knows a key of the cluster gets in here at all.
 */
export const SENDERS_MAX = 16 * 1024;
/** Datagrams of one sender per second: a member of a small cluster that is busy sends some 50. */
export const SENDER_RATE_MAX = 500;
/** Datagrams of one sender at once. */
export const SENDER_BURST_MAX = 1000;

/** Why a datagram of a known sender is refused. */
export type SenderRefusal = "old_boot" | "replayed" | "flood";

interface Sender {
  bootMs: number;
  window: ReplayWindow;
  readonly rate: RateBucket;
}

/** What each sender has sent, so that nothing is taken twice, from before a restart, or in masses. */
export class SenderTable {
  /** The one heard least recently comes first. */
  readonly #senders = new Map<string, Sender>();

  constructor(private readonly sendersMax = SENDERS_MAX) {}

  get size(): number {
    return this.#senders.size;
  }

  /** Takes note of a datagram. Undefined when it may be used. */
  accept(id: string, bootMs: number, sequence: number, nowMs: number): SenderRefusal | undefined {
    const known = this.#senders.get(id);
    if (known !== undefined && bootMs < known.bootMs) return "old_boot";
    const sender = known ?? {
      bootMs,
      window: new ReplayWindow(),
      rate: new RateBucket(SENDER_RATE_MAX, SENDER_BURST_MAX, nowMs),
    };
    if (bootMs > sender.bootMs) {
      sender.bootMs = bootMs;
      sender.window = new ReplayWindow();
    }
    if (!sender.window.accept(sequence)) return "replayed";
    this.#senders.delete(id);
    this.#makeRoom();
    this.#senders.set(id, sender);
    return sender.rate.take(nowMs) ? undefined : "flood";
  }

  #makeRoom(): void {
    if (this.#senders.size < this.sendersMax) return;
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }
}
