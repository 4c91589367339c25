/**
 * Calls at a fixed rate, whatever becomes of their answers (an open loop): a server that stalls does not slow its callers
 * down, as it would with callers that wait. Both sides run this code, ours in Bun and the peer's, bundled, in Node.
 */
import { createInterface } from "node:readline";

/** How often calls that are due are made. */
const TICK_MS = 1;
/** A call without an answer after this is counted as failed. */
const LAST_ANSWER_MS_MAX = 10_000;
/** Beyond this many without an answer nothing more is sent: the machine cannot carry the rate, and memory is finite. */
const IN_FLIGHT_MAX = 50_000;
/** So many different failures are told apart. */
const REASONS_MAX = 10;

/** A request to a paced client: a line of its stdin. */
export type PacedRequest = { callsPerSecond: number } | { stop: true };

/** What a paced client answers to `stop`. */
export interface PacedAnswer {
  calls: number;
  failed: number;
  /** How often each failure came. */
  reasons: Record<string, number>;
  slowestMs: number;
  /** Calls made divided by the time. */
  callsPerSecond: number;
}

/**
 * Says that it is ready, then starts and stops a load as the lines of stdin ask; `prepared` is awaited before each.
 */
export async function answerPacedRequests(
  call: () => Promise<void>,
  prepared: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({ ready: true });
  let load: PacedLoad | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as PacedRequest;
    if ("callsPerSecond" in request) {
      await prepared();
      load = new PacedLoad(call, request.callsPerSecond);
      answer({ started: true });
    } else if (load !== undefined) {
      answer(await load.stop());
    }
  }
}

/** A load that begins at once and goes on until it is stopped. */
export class PacedLoad {
  private readonly startedAt = performance.now();
  private readonly timer = setInterval(() => this.callWhatIsDue(), TICK_MS);
  private readonly reasons = new Map<string, number>();
  private calls = 0;
  private inFlight = 0;
  private slowestMs = 0;
  private allAnswered = (): void => {};

  constructor(private readonly call: () => Promise<void>, private readonly rate: number) {}

  /** Makes no more calls and waits for the answers to those under way. */
  async stop(): Promise<PacedAnswer> {
    clearInterval(this.timer);
    this.callWhatIsDue();
    const elapsedMs = performance.now() - this.startedAt;
    await this.lastAnswer();
    if (this.inFlight > 0) this.reasons.set(`no answer within ${LAST_ANSWER_MS_MAX} ms`, this.inFlight);
    return {
      calls: this.calls,
      failed: [...this.reasons.values()].reduce((sum, count) => sum + count, 0),
      reasons: Object.fromEntries(this.reasons),
      slowestMs: this.slowestMs,
      callsPerSecond: (this.calls * 1000) / elapsedMs,
    };
  }

  private callWhatIsDue(): void {
    const due = Math.floor(((performance.now() - this.startedAt) * this.rate) / 1000);
    while (this.calls < due && this.inFlight < IN_FLIGHT_MAX) {
      this.calls++;
      this.inFlight++;
      void this.make();
    }
  }

  private async make(): Promise<void> {
    const madeAt = performance.now();
    try {
      await this.call();
    } catch (error) {
      this.countFailure(error);
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - madeAt);
    if (--this.inFlight === 0) this.allAnswered();
  }

  private countFailure(error: unknown): void {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const reason = this.reasons.has(text) || this.reasons.size < REASONS_MAX ? text : "others";
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  private lastAnswer(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_ANSWER_MS_MAX);
      this.allAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
