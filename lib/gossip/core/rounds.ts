import type { Beliefs } from "./beliefs.ts";
import type { Mailer } from "./mailer.ts";
import { isLive, type Member } from "./member.ts";
import type { MembershipOptions } from "./options.ts";
import { pushPullMs } from "./scaling.ts";

/** A newcomer compares again within so many gossip intervals: some of what was told while it came has passed it by. */
const NEWCOMER_INTERVALS = 25;

/** What is done in turns with others drawn at random: telling rumours, comparing everything, trying the failed again. */
export class Rounds {
  /** When rumours may be told again. */
  gossipAtMs = 0;
  #pushPullAtMs = 0;
  #reconnectAtMs = 0;

  constructor(
    private readonly options: MembershipOptions,
    private readonly random: () => number,
    private readonly beliefs: Beliefs,
    private readonly mailer: Mailer,
  ) {}

  /** When a comparison is due. */
  get nextAtMs(): number {
    return Math.min(this.#pushPullAtMs, this.#reconnectAtMs);
  }

  /** Begins at random times, so that nodes started together do not do everything together. */
  restart(nowMs: number): void {
    const { gossipIntervalMs, pushPullIntervalMs, reconnectIntervalMs } = this.options;
    this.#pushPullAtMs = nowMs + this.random() * Math.min(pushPullIntervalMs, NEWCOMER_INTERVALS * gossipIntervalMs);
    this.#reconnectAtMs = nowMs + this.random() * reconnectIntervalMs;
  }

  extend(lostMs: number): void {
    this.#pushPullAtMs += lostMs;
    this.#reconnectAtMs += lostMs;
  }

  tick(nowMs: number): void {
    if (this.#pushPullAtMs <= nowMs) this.#pushPull(nowMs);
    if (this.#reconnectAtMs <= nowMs) this.#reconnect(nowMs);
  }

  gossip(nowMs: number): void {
    const { gossipIntervalMs, gossipNodes, gossipToTheDeadMs } = this.options;
    this.gossipAtMs = nowMs + gossipIntervalMs;
    const hears = (member: Member) =>
      isLive(member) || (member.state === "failed" && nowMs - member.sinceMs < gossipToTheDeadMs);
    for (const { address } of this.beliefs.table.draw(gossipNodes, hears)) {
      if (!this.mailer.gossip(address)) return;
    }
  }

  /** Forgets who is gone for long, too. */
  #pushPull(nowMs: number): void {
    const { table, live } = this.beliefs;
    const { pushPullIntervalMs, goneKeptMs } = this.options;
    this.#pushPullAtMs = nowMs + pushPullMs(pushPullIntervalMs, live);
    for (const member of [...table.goneSince(nowMs - goneKeptMs)]) this.beliefs.forget(member);
    for (const { id, address } of table.draw(1, ({ state }) => state === "alive")) {
      this.mailer.push({ kind: "push_pull", with: id, address });
    }
  }

  /** A partition that is over shows itself only to those who try. */
  #reconnect(nowMs: number): void {
    const { table, live } = this.beliefs;
    this.#reconnectAtMs = nowMs + this.options.reconnectIntervalMs;
    if (this.random() * live >= table.failed) return;
    const member = table.anyFailed();
    if (member !== undefined) this.mailer.push({ kind: "push_pull", with: member.id, address: member.address });
  }
}
