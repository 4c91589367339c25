import { SECOND } from "../base/mod.ts";
import type { Exchanger } from "./exchanger.ts";
import type { GossipStreams } from "./gossip_options.ts";
import { RateBucket } from "./seal/mod.ts";
import type { StreamTarget } from "./stream_target.ts";

/** Exchanges that this node makes at a time; one more is left to the next occasion. */
export const EXCHANGES_MAX = 8;
/** Rounds of one exchange. Each brings some 600 entries of the catalogue; the rest follows with the next exchange. */
export const EXCHANGE_ROUNDS_MAX = 64;
/** For each round, wherever it is timed: the largest message there is takes 10 MB. */
export const EXCHANGE_TIMEOUT_MS = 10 * SECOND;
/** No round begins after this: a few nodes that answer slowly must not keep this one from all others. */
export const EXCHANGE_MS_MAX = 60 * SECOND;
/** Exchanges that are begun, per second and at once: what others say is a reason for one, and costs both ends. */
export const EXCHANGES_PER_SECOND_MAX = 20;
export const EXCHANGES_BURST_MAX = 64;

/** Makes exchanges with others: a few at a time, one with each node. */
export class ExchangeRunner {
  readonly #underWay = new Set<string>();
  readonly #stopped = new AbortController();

  readonly #rate: RateBucket;

  constructor(
    private readonly exchanger: Exchanger,
    private readonly streams: Pick<GossipStreams, "exchange">,
    private readonly steadyMs: () => number,
  ) {
    this.#rate = new RateBucket(EXCHANGES_PER_SECOND_MAX, EXCHANGES_BURST_MAX, steadyMs());
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Exchanges everything with a node. False when one with it, or too many, are under way. Rejects with what kept it. */
  async run(target: StreamTarget): Promise<boolean> {
    const name = target.node ?? `${target.hosts[0]}:${target.nodePort}`;
    if (this.#underWay.has(name) || this.#underWay.size >= EXCHANGES_MAX || this.#stopped.signal.aborted) return false;
    if (!this.#rate.take(this.steadyMs())) return false;
    this.#underWay.add(name);
    const endMs = this.steadyMs() + EXCHANGE_MS_MAX;
    try {
      let request: Uint8Array | undefined = this.exchanger.begin();
      for (let round = 0; request !== undefined && round < EXCHANGE_ROUNDS_MAX; round++) {
        if (this.steadyMs() >= endMs) break;
        const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)]);
        const answer = await this.streams.exchange(target, request, signal);
        if (this.#stopped.signal.aborted) return false;
        request = this.exchanger.finish(answer);
      }
      return true;
    } finally {
      this.#underWay.delete(name);
    }
  }

  /** Ends what is under way; nothing begins any more. */
  stop(): void {
    this.#stopped.abort();
  }
}
