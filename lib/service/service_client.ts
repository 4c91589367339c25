import { CellError, toCellError } from "../base/mod.ts";
import { createClient, type Hello, maybeStarted, openCall, type RpcClient, type ServerStats } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { Attempts } from "./attempts.ts";
import type { Directory } from "./directory.ts";
import { assertServiceName } from "./names.ts";
import type { ConnectServiceOptions, RemoteCallOptions, RemoteService } from "./remote.ts";
import { RetriedStream } from "./retried_stream.ts";
import { wait } from "./wait.ts";
import { type WatchedArguments, watchStreams } from "./watched_streams.ts";

/** A call as the retries see it. */
interface Request<T> {
  /** What is attempted, for errors. */
  readonly what: string;
  /** Undefined for what is always safe to ask again. */
  readonly method: string | undefined;
  readonly options: RemoteCallOptions;
  /** Whether the arguments can be sent once more. */
  canReplay(): boolean;
  invoke(client: RpcClient, options: RemoteCallOptions): Promise<T>;
}

/** See `RemoteService`. Holds at most one connection for new calls, and older ones until their calls are done. */
export class ServiceClient implements RemoteService {
  /** Takes new calls; undefined before the first connection. */
  #client: RpcClient | undefined;
  #connecting: Promise<RpcClient> | undefined;
  readonly #open = new Set<RpcClient>();
  #wasReached = false;
  #closed = false;

  constructor(
    readonly service: string,
    private readonly directory: Directory,
    private readonly defaults: ConnectServiceOptions,
  ) {
    assertServiceName(service);
  }

  /** Makes sure that there is a connection. */
  async connect(): Promise<void> {
    await this.#ask("connecting to", () => Promise.resolve());
  }

  schema(): Promise<Schema> {
    return this.#ask("asking for the schema of", (client) => client.schema());
  }

  hello(): Promise<Hello> {
    return this.#ask("saying hello to", (client) => client.hello());
  }

  stats(): Promise<ServerStats> {
    return this.#ask("asking for the statistics of", (client) => client.stats());
  }

  isStream(method: string): Promise<boolean> {
    return this.#ask("asking for the schema of", (client) => client.isStream(method));
  }

  /** The first attempt on a connection that exists costs little more than the call itself. */
  call(method: string, args: readonly unknown[], options: RemoteCallOptions = {}): Promise<unknown> {
    const watched = watchStreams(args);
    const client = this.#usable();
    if (client === undefined) return this.#run(this.#callRequest(method, watched, options));
    const startedAt = performance.now();
    return client.call(method, watched.args, options).catch((error: unknown) =>
      this.#again(this.#callRequest(method, watched, options), startedAt, toCellError(error), client)
    );
  }

  stream(
    method: string,
    args: readonly unknown[],
    options: RemoteCallOptions = {},
  ): AsyncGenerator<unknown, void, void> {
    const watched = watchStreams(args);
    const stream = new RetriedStream((begin) =>
      this.#run({
        what: `calling ${this.service}.${method}`,
        method,
        options,
        canReplay: () => !stream.isOver && watched.areUntouched(),
        invoke: (client, bounded) => begin(client.stream(method, watched.args, bounded)),
      })
    );
    return stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((client) => client.close()));
  }

  #callRequest(method: string, { args, areUntouched }: WatchedArguments, options: RemoteCallOptions): Request<unknown> {
    return {
      what: `calling ${this.service}.${method}`,
      method,
      options,
      canReplay: areUntouched,
      invoke: (client, bounded) => client.call(method, args, bounded),
    };
  }

  #ask<T>(what: string, invoke: (client: RpcClient) => Promise<T>): Promise<T> {
    const request = {
      what: `${what} ${this.service}`,
      method: undefined,
      options: {},
      canReplay: () => true,
      invoke,
    };
    return this.#run(request);
  }

  /** Makes the first attempt; whatever goes wrong with it is the business of `#again`. */
  async #run<T>(request: Request<T>): Promise<T> {
    const startedAt = performance.now();
    let client: RpcClient | undefined;
    try {
      client = this.#usable() ?? await this.#connect();
      return await request.invoke(client, request.options);
    } catch (error) {
      return this.#again(request, startedAt, toCellError(error), client);
    }
  }

  async #again<T>(request: Request<T>, startedAt: number, first: CellError, used: RpcClient | undefined): Promise<T> {
    const { what, options } = request;
    const signal = options.signal ?? openCall()?.signal;
    const attempts = new Attempts({ what, timeoutMs: this.#timeoutMs(options), wasReached: this.#wasReached });
    let error = first;
    let client = used;
    let mayHaveRun = false;
    try {
      for (;;) {
        if (!await this.#isSafeAgain(request, error, client)) throw error;
        mayHaveRun ||= client !== undefined && !certainlyNotStarted(error);
        await wait(attempts.nextWaitMs(error, performance.now() - startedAt), what, signal);
        client = undefined;
        try {
          client = this.#usable() ?? await this.#connect();
          if (mayHaveRun && !await isServedIdempotent(client, request.method)) break;
          const timeoutMs = attempts.remainingMs(performance.now() - startedAt);
          return await request.invoke(client, timeoutMs === undefined ? options : { ...options, timeoutMs });
        } catch (thrown) {
          error = toCellError(thrown);
        }
      }
      throw error;
    } catch (thrown) {
      // The last attempt may not have started; that says nothing of an earlier one.
      throw mayHaveRun ? maybeStarted(toCellError(thrown)) : thrown;
    }
  }

  /**
   * Whether a call that failed with `error` may be made again: it has not been executed, or it does no harm twice.
   * `client` is undefined when there was no connection to make it on.
   */
  async #isSafeAgain<T>(request: Request<T>, error: CellError, client: RpcClient | undefined): Promise<boolean> {
    if (this.#closed || !request.canReplay()) return false;
    if (client === undefined) return error.code === "UNAVAILABLE" || error.code === "NOT_FOUND";
    if (error.code !== "UNAVAILABLE") return false;
    if (certainlyNotStarted(error)) return true;
    // The error of a handler that says UNAVAILABLE is an answer; only a broken connection leaves it open what happened.
    return client.draining && (request.method === undefined || await isIdempotent(client, request.method));
  }

  /** The time that a call has, as far as anybody has said; what is left to a caller of ours bounds it too. */
  #timeoutMs(options: RemoteCallOptions): number | undefined {
    const own = options.timeoutMs ?? this.defaults.timeoutMs ?? Infinity;
    const timeoutMs = Math.min(own, openCall()?.remainingMs() ?? Infinity);
    return timeoutMs === Infinity ? undefined : timeoutMs;
  }

  #usable(): RpcClient | undefined {
    return this.#client === undefined || this.#client.draining || this.#closed ? undefined : this.#client;
  }

  /** All that need a connection at the same time share one attempt. */
  #connect(): Promise<RpcClient> {
    this.#connecting ??= this.#dial().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #dial(): Promise<RpcClient> {
    this.#refuseIfClosed();
    const { schema, callerService, timeoutMs } = this.defaults;
    const [endpoint] = await this.directory.endpoints(this.service);
    if (endpoint === undefined) throw new CellError("NOT_FOUND", `${this.service} has no instance`);
    const client = createClient(await endpoint.dial(), {
      ...(schema === undefined ? {} : { schema }),
      ...(callerService === undefined ? {} : { callerService }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (this.#closed) await client.close();
    this.#refuseIfClosed();
    this.#open.add(client);
    client.closed.then(() => this.#open.delete(client));
    this.#client = client;
    this.#wasReached = true;
    return client;
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return;
    throw new CellError("FAILED_PRECONDITION", `calling ${this.service}: this client is closed`, {
      data: { started: false },
    });
  }
}

function certainlyNotStarted(error: CellError): boolean {
  const { data } = error;
  return typeof data === "object" && data !== null && (data as { started?: unknown }).started === false;
}

/** Whether whoever would run the call again says that it does no harm: another version may serve the name by now. */
async function isServedIdempotent(client: RpcClient, method: string | undefined): Promise<boolean> {
  return method === undefined || (await client.servedSchema()).methods[method]?.idempotent === true;
}

async function isIdempotent(client: RpcClient, method: string): Promise<boolean> {
  try {
    return (await client.schema()).methods[method]?.idempotent === true;
  } catch {
    // The connection broke before the schema had arrived: then the call was never made, but nobody can vouch for that.
    return false;
  }
}
