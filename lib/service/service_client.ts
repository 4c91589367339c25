import { CellError, toCellError } from "../base/mod.ts";
import { createClient, type Fallback, type Hello, type RpcClient, type ServerStats } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import type { Directory, Endpoint } from "./directory.ts";
import { assertServiceName } from "./names.ts";
import { CoarseClock, Pool, type PooledConnection } from "./pool/mod.ts";
import type { ConnectServiceOptions, RemoteCallOptions, RemoteService, TransportInUse } from "./remote.ts";
import type { Request } from "./request.ts";
import { RetriedCall } from "./retried_call.ts";
import { RetriedStream } from "./retried_stream.ts";
import { chooseTransport, TRANSPORT_VARIABLE, type TransportChoice } from "./transport.ts";
import { watchStreams } from "./watched_streams.ts";

/** See `RemoteService`. Gives calls to the connections of a pool, and makes those again that may be made again. */
export class ServiceClient implements RemoteService {
  readonly #pool: Pool;
  readonly #clock = new CoarseClock();
  readonly #transport: TransportChoice;

  constructor(
    readonly service: string,
    private readonly directory: Directory,
    private readonly defaults: ConnectServiceOptions,
  ) {
    assertServiceName(service);
    this.#transport = chooseTransport(defaults.transport);
    const connect = (endpoint: Endpoint) => this.#connect(endpoint);
    this.#pool = new Pool({ service, directory, connect, pinned: defaults.schema?.species });
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
    return this.#ask("asking for the schema of", (client) => client.isStream(method), method);
  }

  /** The first attempt on a connection that exists costs little more than the call itself. */
  call(method: string, args: readonly unknown[], options?: RemoteCallOptions): Promise<unknown> {
    const connection = this.#pool.pick(method, this.#clock.now());
    if (connection === undefined) {
      return this.#retried(this.#callRequest(method, args, options), performance.now()).begin();
    }
    connection.fallback ??= this.#fallbackOf(connection);
    return connection.client.call(method, args, options, connection.fallback);
  }

  callSync(method: string, args: readonly unknown[], options?: RemoteCallOptions): unknown {
    let connection = this.#pool.pick(method, this.#clock.now());
    // A further instance's connection has to be used before it moves; until then the others have the synchronous calls.
    if (connection?.client.transport === "uds") {
      if (this.#transport === "uds") throw this.#cannotCallSync(method, this.#whyOnSocket());
      connection = this.#pool.pickMoved(method) ?? connection;
    }
    if (connection !== undefined) return connection.client.callSync(method, args, options);
    throw this.#cannotCallSync(method, "there is no connection: await call() first, or connect() again");
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
        isQuestion: false,
        options,
        canReplay: () => !stream.isOver && watched.areUntouched(),
        invoke: (client, bounded) => begin(client.stream(method, watched.args, bounded)),
      })
    );
    return stream;
  }

  transport(): TransportInUse | undefined {
    return this.#pool.transport;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    this.directory.close?.();
  }

  #cannotCallSync(method: string, why: string): CellError {
    const message = `calling ${this.service}.${method} synchronously: ${why}`;
    return new CellError("FAILED_PRECONDITION", message, { data: { started: false } });
  }

  /** Of a client that never leaves the socket. */
  #whyOnSocket(): string {
    const chosenBy = this.defaults.transport === undefined
      ? `${TRANSPORT_VARIABLE}=uds`
      : 'its option transport: "uds"';
    return `this client keeps to Unix sockets, by ${chosenBy}; connect with transport "shm", or await call() instead`;
  }

  /** What is done about calls whose first attempt was made on `connection` and failed. */
  #fallbackOf(connection: PooledConnection): Fallback {
    return {
      takeOver: (error, { name, args, options, isUnread, madeAt }) => {
        const request = this.#callRequest(name, args, options, isUnread);
        return this.#retried(request, madeAt).again(error, connection);
      },
    };
  }

  #callRequest(
    method: string,
    given: readonly unknown[],
    options: RemoteCallOptions = {},
    isUnread = true,
  ): Request<unknown> {
    const { args, areUntouched } = watchStreams(given);
    // What need not be watched can be read any number of times.
    const isReplayable = isUnread || args === given;
    return {
      what: `calling ${this.service}.${method}`,
      method,
      isQuestion: false,
      options,
      canReplay: () => isReplayable && areUntouched(),
      invoke: (client, bounded) => client.call(method, args, bounded),
    };
  }

  #ask<T>(what: string, invoke: (client: RpcClient) => Promise<T>, method?: string): Promise<T> {
    const request = {
      what: `${what} ${this.service}`,
      method,
      isQuestion: true,
      options: {},
      canReplay: () => true,
      invoke,
    };
    return this.#run(request);
  }

  /** Makes the first attempt; whatever goes wrong with it is the business of `RetriedCall`. */
  async #run<T>(request: Request<T>): Promise<T> {
    const startedAt = performance.now();
    const connection = this.#pool.pick(request.method, startedAt);
    if (connection === undefined) return this.#retried(request, startedAt).begin();
    try {
      return await request.invoke(connection.client, request.options);
    } catch (error) {
      return this.#retried(request, startedAt).again(toCellError(error), connection);
    }
  }

  #retried<T>(request: Request<T>, startedAt: number): RetriedCall<T> {
    const { timeoutMs, schema } = this.defaults;
    return new RetriedCall(this.#pool, request, startedAt, timeoutMs, schema);
  }

  async #connect(endpoint: Endpoint): Promise<RpcClient> {
    const { schema, callerService, timeoutMs } = this.defaults;
    const client = createClient(await endpoint.dial(this.#transport), {
      service: this.service,
      ...(schema === undefined ? {} : { schema }),
      ...(callerService === undefined ? {} : { callerService }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (this.#transport !== "shm") return client;
    // Who asks for shared memory may call synchronously at once, and that cannot ask for signatures.
    try {
      await Promise.all([client.hello(), client.schema()]);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }
}
