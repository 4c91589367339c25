import { CLOCK_TOLERANCE_MS } from "../../net/identity/mod.ts";
import type { DatagramHeader } from "./datagram.ts";
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
  /** Whose numbers the window is about. */
  bootMs: number;
  window: ReplayWindow;
  /** The latest that were heard. */
  bootMsMax: number;
  clockMsMax: number;
  readonly rate: RateBucket;
}

type SenderHeader = Pick<DatagramHeader, "sender" | "bootMs" | "sequence" | "clockMs">;

/** What each sender has sent, so that nothing is taken twice, from before a restart, or in masses. */
export class SenderTable {
  /** The one heard least recently comes first. */
  readonly #senders = new Map<string, Sender>();

  constructor(private readonly sendersMax = SENDERS_MAX) {}

  get size(): number {
    return this.#senders.size;
  }

  /** Takes note of a datagram. Undefined when it may be used. */
  accept({ sender: id, bootMs, sequence, clockMs }: SenderHeader, nowMs: number): SenderRefusal | undefined {
    const known = this.#known(id, nowMs);
    if (known !== undefined && !mayBegin(known, bootMs, clockMs)) return "old_boot";
    const sender = known ?? newSender(bootMs, clockMs, nowMs);
    if (bootMs !== sender.bootMs) {
      sender.bootMs = bootMs;
      sender.window = new ReplayWindow();
    }
    if (!sender.window.accept(sequence)) return "replayed";
    sender.bootMsMax = Math.max(sender.bootMsMax, bootMs);
    sender.clockMsMax = Math.max(sender.clockMsMax, clockMs);
    this.#senders.delete(id);
    this.#makeRoom();
    this.#senders.set(id, sender);
    return sender.rate.take(nowMs) ? undefined : "flood";
  }

  /** What was heard when the clock here was far ahead says nothing about now. */
  #known(id: string, nowMs: number): Sender | undefined {
    const known = this.#senders.get(id);
    if (known === undefined) return undefined;
    return Math.max(known.bootMsMax, known.clockMsMax) > nowMs + CLOCK_TOLERANCE_MS ? undefined : known;
  }

  #makeRoom(): void {
    if (this.#senders.size < this.sendersMax) return;
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }
}

function newSender(bootMs: number, clockMs: number, nowMs: number): Sender {
  const rate = new RateBucket(SENDER_RATE_MAX, SENDER_BURST_MAX, nowMs);
  return { bootMs, window: new ReplayWindow(), bootMsMax: bootMs, clockMsMax: clockMs, rate };
}

/**
 * Whether a datagram is of the boot that is heard, or of a later one. A boot that is earlier by its own time, because its clock
 * was set back before it, may begin once that clock has passed all that was heard: no record of before has such a time.
 */
function mayBegin({ bootMs, bootMsMax, clockMsMax }: Sender, otherBootMs: number, clockMs: number): boolean {
  return otherBootMs === bootMs || otherBootMs > bootMsMax || clockMs > clockMsMax;
}
