import { BroadcastQueue } from "./broadcast_queue.ts";
import type { Effect } from "./effect.ts";
import { BROADCASTS_MAX, RUMOURS_MAX } from "./limits.ts";
import type { Message } from "./message.ts";
import type { MembershipOptions } from "./options.ts";
import { encodeMessage, PACKET_HEADER_BYTES, PACKET_VERSION } from "./packet.ts";
import { retransmissions } from "./scaling.ts";
import type { MembershipStats } from "./stats.ts";

/** Collects what is to be done, and fills every packet that goes out anyway with rumours. */
export class Mailer {
  /** About members, by their ids; they go first. */
  readonly rumours = new BroadcastQueue(RUMOURS_MAX);
  /** Of the user. */
  readonly broadcasts = new BroadcastQueue(BROADCASTS_MAX);
  #effects: Effect[] = [];

  constructor(
    private readonly options: MembershipOptions,
    private readonly stats: MembershipStats,
    /** How many members are live, with this node. */
    private readonly live: () => number,
  ) {}

  get hasRumours(): boolean {
    return this.rumours.size > 0 || this.broadcasts.size > 0;
  }

  /** How often each rumour is told at the moment. */
  get timesMax(): number {
    return retransmissions(this.options.retransmitMultiplier, this.live());
  }

  /** Sends messages in one packet, with as many rumours as fit. */
  send(to: string, ...messages: readonly Message[]): void {
    this.#send(to, messages.map(encodeMessage));
  }

  /** Sends a packet of rumours; false when there are none. */
  gossip(to: string): boolean {
    return this.#send(to, []);
  }

  push(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** What there is to do so far, which is the caller's then. */
  take(): Effect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  #send(to: string, parts: Uint8Array[]): boolean {
    let byteCount = parts.reduce((sum, { length }) => sum + length, PACKET_HEADER_BYTES);
    if (this.hasRumours) {
      const { timesMax } = this;
      for (const queue of [this.rumours, this.broadcasts]) {
        byteCount += queue.take(this.options.packetBytesMax - byteCount, timesMax, parts);
      }
    }
    if (parts.length === 0) return false;
    const packet = new Uint8Array(byteCount);
    packet[0] = PACKET_VERSION;
    let offset = PACKET_HEADER_BYTES;
    for (const part of parts) {
      packet.set(part, offset);
      offset += part.length;
    }
    this.stats.packetsOut++;
    this.stats.bytesOut += byteCount;
    this.push({ kind: "send", to, packet });
    return true;
  }
}
