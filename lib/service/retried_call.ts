import { CellError, toCellError } from "../base/mod.ts";
import { maybeStarted, notStarted, openCall, type RpcClient } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { Attempts } from "./attempts.ts";
import { CallTime } from "./call_time.ts";
import { CONNECTIONS_MAX, type Pool, type PooledConnection } from "./pool/mod.ts";
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
  readonly #time: CallTime;
  /** Why there was no answer so far. */
  #lastError: CellError | undefined;
  /** The instances that were tried since it last waited. */
  readonly #tried = new Set<string>();
  #mayHaveRun = false;
  /** What the best species said against the call: the others are not what the caller has to look at. */
  #misfit: CellError | undefined;

  /** `defaultTimeoutMs` is the client's; `schema` is what it calls with, as far as that is known. */
  constructor(
    private readonly pool: Pool,
    private readonly request: Request<T>,
    private readonly startedAt: number,
    defaultTimeoutMs: number | undefined,
    schema?: Schema,
  ) {
    const { options } = request;
    const caller = openCall();
    this.#signal = options.signal ?? caller?.signal;
    const callerMs = caller === undefined ? Infinity : caller.remainingMs() + this.#elapsedMs();
    this.#time = new CallTime({ givenMs: options.timeoutMs ?? defaultTimeoutMs, callerMs });
    this.#learn(schema);
  }

  /** Makes the first attempt, for which there is no connection yet. */
  async begin(): Promise<T> {
    let connection: PooledConnection | undefined;
    try {
      connection = await this.#acquire();
      return await this.#attempt(connection!);
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
    const time = this.#time;
    const attempts = new Attempts({ what, timeoutMs: () => time.limitMs, wasReached: pool.wasReached });
    let error = first;
    let connection = used;
    for (;;) {
      this.#lastError = error;
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
        await wait(attempts.nextWaitMs(error, time.countedMs(this.#elapsedMs())), what, this.#signal);
        this.#tried.clear();
      }
      connection = next;
      try {
        connection ??= pool.pick(method, performance.now()) ?? await this.#acquire();
        if (this.#mayHaveRun && !await this.#mayRunAgain(connection!)) break;
        return await this.#attempt(connection!);
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
    const remainingMs = this.#time.remainingMs(this.#elapsedMs());
    return waitFor(answer, this.request.what, remainingMs, this.#signal, () => this.#late());
  }

  #late(): CellError {
    const why = this.#lastError === undefined ? "" : `. ${this.#lastError.message}`;
    const message = `${this.request.what}: no instance within ${Math.round(this.#time.limitMs)} ms${why}`;
    return new CellError("DEADLINE_EXCEEDED", message, { data: { started: false }, cause: this.#lastError });
  }

  async #attempt({ client }: PooledConnection): Promise<T> {
    const { method, options, isQuestion, invoke } = this.request;
    if (this.#time.isUnknown && method !== undefined && !isQuestion) await this.#within(this.#ask(client, method));
    const beganAt = performance.now();
    const timeoutMs = this.#time.attemptMs(this.#elapsedMs());
    try {
      return await invoke(client, timeoutMs === undefined ? options : { ...options, timeoutMs });
    } catch (thrown) {
      throw timeoutMs === undefined ? thrown : this.#inItsTime(toCellError(thrown), timeoutMs);
    } finally {
      this.#time.spend(performance.now() - beganAt);
    }
  }

  /** An attempt has what finding and connecting have left: that alone would be news to who has given the call its time. */
  #inItsTime(error: CellError, attemptMs: number): CellError {
    const [limitMs, leftMs] = [Math.round(this.#time.limitMs), Math.round(attemptMs)];
    const isLate = error.code === "DEADLINE_EXCEEDED" && error.message.endsWith(` did not answer within ${leftMs} ms`);
    if (!isLate || leftMs >= limitMs) return error;
    const message = `${error.message}, which were left of ${limitMs} ms when an instance was reached`;
    return new CellError(error.code, message, { retryable: error.retryable, data: error.data, cause: error });
  }

  /** Asks what the call would ask anyway; where that fails, the call says why. */
  async #ask(client: RpcClient, method: string): Promise<void> {
    try {
      await client.isStream(method);
      this.#learn(await client.schema());
    } catch (error) {
      this.#lastError = toCellError(error);
    }
  }

  #learn(schema: Schema | undefined): void {
    const { method, isQuestion } = this.request;
    if (schema === undefined || method === undefined || isQuestion || !Object.hasOwn(schema.methods, method)) return;
    this.#time.learn(schema.methods[method]!);
  }

  #elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}
