import { shortId } from "../net/identity/mod.ts";
import { ExchangeRunner } from "./exchange_runner.ts";
import type { Exchanger } from "./exchanger.ts";
import type { Clocks, GossipStreams } from "./gossip_options.ts";
import type { QuietLog } from "./quiet_log.ts";
import type { StreamTarget } from "./stream_target.ts";

/** What this node does over streams by itself: exchanges, and probes of members that no datagram reaches. */
export class StreamCalls {
  /** Exchanges that were asked for, and those that something kept from their end. */
  exchanges = 0;
  exchangesFailed = 0;
  readonly #runner: ExchangeRunner;
  readonly #stopped = new AbortController();

  /** `onExchanged` is told when an exchange is over, whatever it has brought. */
  constructor(
    exchanger: Exchanger,
    private readonly streams: GossipStreams,
    private readonly clocks: Clocks,
    private readonly log: QuietLog,
    private readonly onExchanged: () => void,
  ) {
    this.#runner = new ExchangeRunner(exchanger, streams, clocks.steadyMs);
  }

  /** Whether an exchange that this node has begun is not over. */
  get isExchanging(): boolean {
    return this.#runner.underWay > 0;
  }

  /** Exchanges everything with a node; what keeps it from that is logged. */
  exchange(target: StreamTarget): void {
    this.exchanges++;
    this.#runner.run(target).then(this.onExchanged, (error: unknown) => {
      if (this.#stopped.signal.aborted) return;
      this.onExchanged();
      this.exchangesFailed++;
      const name = target.node === undefined ? `${target.hosts[0]}:${target.nodePort}` : `node ${shortId(target.node)}`;
      const line = () => `exchanging what is known with ${name} failed: ${(error as Error).message}`;
      this.log.say(`exchange ${name}`, this.clocks.steadyMs(), line);
    });
  }

  /** Tries to reach a node; tells `onProbed`, unless this was stopped meanwhile. */
  probe(target: StreamTarget, timeoutMs: number, onProbed: (isReached: boolean) => void): void {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(timeoutMs)]);
    const tell = (isReached: boolean) => {
      if (!this.#stopped.signal.aborted) onProbed(isReached);
    };
    this.streams.probe(target, signal).then(() => tell(true), () => tell(false));
  }

  /** Ends what is under way. Nothing begins any more, and nobody is told anything. */
  stop(): void {
    this.#stopped.abort();
    this.#runner.stop();
  }
}
