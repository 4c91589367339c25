import { CellError, toCellError } from "../base/mod.ts";
import { maybeStarted, notStarted, openCall } from "../rpc/mod.ts";
import { Attempts } from "./attempts.ts";
import { CONNECTIONS_MAX, type Pool, type PooledConnection } from "./pool/mod.ts";
import type { RemoteCallOptions } from "./remote.ts";
import {
  certainlyNotStarted,
  isServedIdempotent,
  type Request,
  type Verdict,
  verdictOn,
  verdictWithoutClient,
} from "./request.ts";
import { wait } from "./wait.ts";
import { waitFor } from "./wait_for.ts";

/** All that are tried before it waits, or gives up: a service that is overloaded gets no call from each caller 200 times. */
export const TRIED_MAX = CONNECTIONS_MAX;

/**
 * A call that could not be made at once, or whose first attempt failed. It goes on until it is answered, may not be made
 * again, or its time is up: at once on an instance that it has not tried, and after a while when it has tried all, or
 * `TRIED_MAX`.
 */
export class RetriedCall<T> {
  readonly #signal: AbortSignal | undefined;
  /** The time that the call has, as far as anybody has said; what is left to a caller of ours bounds it too. */
  readonly #timeoutMs: number | undefined;
  /** The instances that were tried since it last waited. */
  readonly #tried = new Set<string>();
  #mayHaveRun = false;
  /** What the best species said against the call: the others are not what the caller has to look at. */
  #misfit: CellError | undefined;

  /** `defaultTimeoutMs` is the client's. */
  constructor(
    private readonly pool: Pool,
    private readonly request: Request<T>,
    private readonly startedAt: number,
    defaultTimeoutMs: number | undefined,
  ) {
    const { options } = request;
    const caller = openCall();
    this.#signal = options.signal ?? caller?.signal;
    const callerMs = caller === undefined ? Infinity : caller.remainingMs() + this.#elapsedMs();
    const timeoutMs = Math.min(options.timeoutMs ?? defaultTimeoutMs ?? Infinity, callerMs);
    this.#timeoutMs = timeoutMs === Infinity ? undefined : timeoutMs;
  }

  /** Makes the first attempt, for which there is no connection yet. */
  async begin(): Promise<T> {
    let connection: PooledConnection | undefined;
    try {
      connection = await this.#acquire();
      return await this.request.invoke(connection!.client, this.#bounded());
    } catch (error) {
      return this.again(toCellError(error), connection);
    }
  }

  /** Goes on after an attempt that failed with `first`; `used` is undefined when there was no connection to make it on. */
  async again(first: CellError, used: PooledConnection | undefined): Promise<T> {
    try {
      return await this.#goOn(first, used);
    } catch (thrown) {
      // The last attempt may not have started; that says nothing of an earlier one.
      throw this.#mayHaveRun ? maybeStarted(toCellError(thrown)) : thrown;
    }
  }

  async #goOn(first: CellError, used: PooledConnection | undefined): Promise<T> {
    const { pool, request } = this;
    const { what, method } = request;
    const attempts = new Attempts({ what, timeoutMs: this.#timeoutMs, wasReached: pool.wasReached });
    let error = first;
    let connection = used;
    for (;;) {
      const verdict = await this.#verdict(error, connection);
      if (verdict === "never") throw error;
      this.#mayHaveRun ||= connection !== undefined && !certainlyNotStarted(error);
      let next: PooledConnection | undefined;
      if (connection !== undefined) {
        this.#tried.add(connection.id);
        try {
          if (this.#tried.size < TRIED_MAX) {
            next = pool.pick(method, performance.now(), this.#tried) ?? await this.#acquire();
          }
        } catch (thrown) {
          if (verdict !== "again") throw this.#misfit ?? error;
          error = toCellError(thrown);
          connection = undefined;
          continue;
        }
        if (next === undefined && verdict !== "again") throw this.#misfit ?? error;
      }
      if (next === undefined) {
        await wait(attempts.nextWaitMs(error, this.#elapsedMs()), what, this.#signal);
        this.#tried.clear();
      }
      connection = next;
      try {
        connection ??= pool.pick(method, performance.now()) ?? await this.#acquire();
        if (this.#mayHaveRun && !await this.#mayRunAgain(connection!)) break;
        return await request.invoke(connection!.client, this.#bounded());
      } catch (thrown) {
        error = toCellError(thrown);
      }
    }
    throw error;
  }

  /** Asks the instance itself. One that dies instead of answering was not given the call. */
  async #mayRunAgain({ client }: PooledConnection): Promise<boolean> {
    try {
      return await this.#within(isServedIdempotent(client, this.request));
    } catch (thrown) {
      throw notStarted(toCellError(thrown));
    }
  }

  async #verdict(error: CellError, connection: PooledConnection | undefined): Promise<Verdict> {
    const { pool, request } = this;
    if (pool.isClosed || !request.canReplay()) return "never";
    if (connection === undefined) return verdictWithoutClient(error);
    const verdict = await verdictOn(error, connection.client, request);
    if (verdict === "other species") {
      this.#misfit ??= error;
      pool.noteMisfit(connection, request.method!);
    }
    return verdict;
  }

  /** A connection to an instance that was not tried; none only if some were. */
  #acquire(): Promise<PooledConnection | undefined> {
    return this.#within(this.pool.acquire(this.request.method, this.#tried));
  }

  /** What is waited for before an attempt has no more time than the call. */
  #within<A>(answer: Promise<A>): Promise<A> {
    return waitFor(answer, this.request.what, this.#remainingMs(), this.#signal);
  }

  #bounded(): RemoteCallOptions {
    const timeoutMs = this.#remainingMs();
    return timeoutMs === undefined ? this.request.options : { ...this.request.options, timeoutMs };
  }

  #remainingMs(): number | undefined {
    return this.#timeoutMs === undefined ? undefined : Math.max(0, this.#timeoutMs - this.#elapsedMs());
  }

  #elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}
