import type { CoreOptions } from "./options.ts";

/** Half of an interval on top: a beat that is a little late has not been missed. */
const SLACK = 0.5;
/** So many heartbeats missed, and the instance is asked whether it lives. */
export const MISSED_UNTIL_PING = 2;
/** So many missed and no answer either: it hangs. */
export const MISSED_UNTIL_HUNG = 3;

/** What is to be done about an instance, as far as its signs of life tell. */
export type Finding = "well" | "ping" | "hung";

/**
 * The signs of life of one instance. A worker whose event loop is blocked sends no heartbeat and answers no ping; one that
 * lost its connection to the agent sends none either, but answers: it is not killed for that.
 */
export class Pulse {
  /** Of the last heartbeat or answer to a ping. */
  #heardAt: number;
  /** Of the last heartbeat. */
  heartbeatAt: number;
  #pingedAt: number | undefined;
  #hasPingFailed = false;

  constructor(now: number) {
    this.#heardAt = now;
    this.heartbeatAt = now;
  }

  /** How long ago the last heartbeat was. */
  silentMs(now: number): number {
    return now - this.heartbeatAt;
  }

  onHeartbeat(now: number): void {
    this.heartbeatAt = now;
    this.onPingAnswered(now);
  }

  onPingAnswered(now: number): void {
    this.#heardAt = now;
    this.#pingedAt = undefined;
    this.#hasPingFailed = false;
  }

  onPingFailed(): void {
    this.#hasPingFailed = this.#pingedAt !== undefined;
  }

  /** What follows from the time that has passed. "ping" is found once; the caller sends it. */
  examine(now: number, options: CoreOptions): Finding {
    if (now < this.nextAt(options)) return "well";
    if (this.#pingedAt !== undefined) return "hung";
    this.#pingedAt = now;
    return "ping";
  }

  /** When to examine it again. */
  nextAt({ heartbeatMs, pingTimeoutMs }: CoreOptions): number {
    if (this.#pingedAt === undefined) return this.#heardAt + (MISSED_UNTIL_PING + SLACK) * heartbeatMs;
    const missedAt = this.#heardAt + (MISSED_UNTIL_HUNG + SLACK) * heartbeatMs;
    return this.#hasPingFailed ? missedAt : Math.max(missedAt, this.#pingedAt + pingTimeoutMs);
  }

  /** Leaves out a time in which nobody could listen. */
  postpone(lostMs: number): void {
    this.#heardAt += lostMs;
    this.heartbeatAt += lostMs;
    if (this.#pingedAt !== undefined) this.#pingedAt += lostMs;
  }
}
