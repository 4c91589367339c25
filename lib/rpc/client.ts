import { CellError, SECOND } from "../base/mod.ts";
import type { Link, LinkTransport } from "../net/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { MetadataWriter } from "../wire/mod.ts";
import { ClientConnection, type ClientConnectionOwner } from "./client_connection.ts";
import { reservedMethod } from "./client_method.ts";
import { ClientSetup } from "./client_setup.ts";
import { IncomingStream } from "./incoming_stream.ts";
import { DEFAULT_LIMITS, DEFAULT_TIMEOUT_MS } from "./limits.ts";
import { notStarted } from "./not_started.ts";
import { type CallOptions, type Fallback, PendingCall, type PendingCallOwner } from "./pending_call.ts";
import { type Hello, type LoadReport, Reflection, type ServerStats } from "./reflection.ts";
import { RemoteStream } from "./remote_stream.ts";
import { currentActiveCall, keepContext } from "./server_call.ts";
import { syncObstacle, waitSync } from "./sync_call.ts";

/** How long the server may take to say who it is. */
const REFLECTION_TIMEOUT_MS = 10 * SECOND;
/** Calls of one client that wait until there is room on the connection. */
export const WAITING_CALLS_MAX = 65_536;

/** How a client calls. */
export interface ClientOptions {
  /** What the caller was compiled against. Without it the server's own schema is fetched. */
  schema?: Schema;
  /** What errors call the server until it has said its name. @default "the server" */
  service?: string;
  /** The calling service's name. */
  callerService?: string;
  /** The deadline of every call. @default 30_000 for calls without streams, none for streams */
  timeoutMs?: number;
}

/** One connection to one instance. It does not reconnect: that is the service layer's business. */
export interface RpcClient {
  hello(): Promise<Hello>;
  /** The schema that calls are made with: the pinned one, else the server's. */
  schema(): Promise<Schema>;
  /** The schema that the server has now, whether or not one is pinned. */
  servedSchema(): Promise<Schema>;
  stats(): Promise<ServerStats>;
  /**
   * Calls a method with a single result. A stream parameter's argument is an AsyncIterable. An error carries
   * `data.started === false` when the call certainly was not executed. A call that fails is given to `fallback`: the one
   * promise of the call has the outcome, which saves the 80 ns of a `catch`.
   */
  call(
    method: string,
    args: readonly unknown[],
    options?: CallOptions,
    fallback?: Fallback,
  ): Promise<unknown>;
  /**
   * Calls a method that takes and returns single values and waits for the answer without giving the event loop a turn: no
   * timer fires and no promise goes on meanwhile, the deadline and the loss of the server are noticed. Throws what `call`
   * rejects with, and FAILED_PRECONDITION, as not started, when the connection is not in shared memory, when the method is
   * not known yet, and when it is called by user code that runs while a frame of the same connection is read or written.
   */
  callSync(method: string, args: readonly unknown[], options?: CallOptions): unknown;
  /** Calls a method whose result is a stream. The call begins with the first `next()`. */
  stream(method: string, args: readonly unknown[], options?: CallOptions): AsyncGenerator<unknown, void, void>;
  /** Whether `method` is called with `stream`. Throws NOT_FOUND, with near names. */
  isStream(method: string): Promise<boolean>;
  /** Calls that wait for an answer. */
  readonly inFlight: number;
  /** What the server's last answer said of its load. */
  readonly load: LoadReport;
  /** The server said goaway, or the link is closed: calls made now fail, with `data.started === false`. */
  readonly draining: boolean;
  /** What moves the bytes now: a connection may become a faster one while it is used. */
  readonly transport: LinkTransport;
  /**
   * Takes a hint that the server is gone: from the next call on, or now with calls in flight, it has `timeoutMs` to show a
   * sign of life, else the link is lost. What a hint is worth shows itself, so a wrong one costs a ping.
   */
  doubt(timeoutMs: number): void;
  /** Takes a hint that the server is back. */
  believe(): void;
  /** Cancels what is in flight and closes the link. */
  close(): Promise<void>;
  /** Resolves when the link is gone: to the error that ended it, or undefined when it was closed in order. */
  readonly closed: Promise<CellError | undefined>;
}

/** Makes a client of the server at the other end of `link`, which must not have been started. */
export function createClient(link: Link, options: ClientOptions = {}): RpcClient {
  return new Client(link, options);
}

/** Calls, and what they wait for before they can be sent. */
class Client implements RpcClient, ClientConnectionOwner, PendingCallOwner {
  readonly timeoutMs: number | undefined;
  readonly metadata: MetadataWriter;
  readonly connection: ClientConnection;
  private readonly givenService: string;
  private readonly setup: ClientSetup;
  /** Ready to be sent as soon as there is room, in order; a set, so that a call that is cancelled leaves at once. */
  private readonly waiting = new Set<PendingCall>();

  constructor(link: Link, options: ClientOptions) {
    this.timeoutMs = options.timeoutMs;
    this.givenService = options.service ?? "the server";
    this.metadata = new MetadataWriter(options.callerService);
    this.setup = new ClientSetup((name, index, args) => this.reflect(name, index, args), options.schema);
    this.connection = new ClientConnection(link, this);
    link.start(this.connection, DEFAULT_LIMITS.messageBytesMax);
  }

  get service(): string {
    return this.setup.server?.service ?? this.givenService;
  }

  get messageBytesMax(): number {
    return this.setup.server?.messageBytesMax ?? DEFAULT_LIMITS.messageBytesMax;
  }

  get inFlight(): number {
    return this.connection.inFlight + this.waiting.size;
  }

  get load(): LoadReport {
    return this.connection.load;
  }

  doubt(timeoutMs: number): void {
    this.connection.doubt(timeoutMs);
  }

  believe(): void {
    this.connection.believe();
  }

  get draining(): boolean {
    return this.connection.drainingError !== undefined;
  }

  get transport(): LinkTransport {
    return this.connection.link.transport;
  }

  get closed(): Promise<CellError | undefined> {
    return this.connection.closed;
  }

  hello(): Promise<Hello> {
    return this.setup.hello();
  }

  schema(): Promise<Schema> {
    return this.setup.schema();
  }

  servedSchema(): Promise<Schema> {
    return this.setup.servedSchema();
  }

  async stats(): Promise<ServerStats> {
    return await this.reflect("stats", Reflection.stats, []) as ServerStats;
  }

  async isStream(method: string): Promise<boolean> {
    return (await this.setup.method(method)).resultStream;
  }

  call(
    name: string,
    args: readonly unknown[],
    options?: CallOptions,
    fallback?: Fallback,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const parent = currentActiveCall();
      const call = new PendingCall(this, name, args, options, parent, resolve, reject, fallback);
      this.submit(call, DEFAULT_TIMEOUT_MS);
    });
  }

  callSync(name: string, args: readonly unknown[], options?: CallOptions): unknown {
    const { connection } = this;
    const { link, drainingError, isBusyWithFrame } = connection;
    if (drainingError !== undefined) throw drainingError;
    const method = this.setup.known(name);
    const missing = method === undefined ? this.setup.missing(name) : undefined;
    if (missing !== undefined) throw missing;
    const obstacle = syncObstacle(link, isBusyWithFrame, method);
    if (obstacle !== undefined) {
      const message = `calling ${this.service}.${name} synchronously: ${obstacle}`;
      throw new CellError("FAILED_PRECONDITION", message, { data: { started: false } });
    }
    let result: unknown;
    let failure: CellError | undefined;
    const succeed = (value: unknown) => void (result = value);
    const fail = (error: CellError) => void (failure = error);
    const call = new PendingCall(this, name, args, options, currentActiveCall(), succeed, fail, undefined);
    this.submit(call, DEFAULT_TIMEOUT_MS);
    // Calls in front of it may wait for a microtask only, which does not come while this waits.
    if (!call.isSent) this.onRoom();
    waitSync(call, link);
    if (failure !== undefined) throw failure;
    return result;
  }

  stream(name: string, args: readonly unknown[], options?: CallOptions): AsyncGenerator<unknown, void, void> {
    return new RemoteStream(() => {
      const call = new PendingCall(this, name, args, options, currentActiveCall(), ignore, ignore, undefined);
      call.incoming = new IncomingStream(call);
      this.submit(call, Infinity);
      return call.incoming;
    });
  }

  async close(): Promise<void> {
    const { connection } = this;
    // User code may say so while its arguments are being written; closing would take the buffer away from under them.
    if (connection.isEncoding) await Promise.resolve();
    connection.cancelAll(new CellError("CANCELLED", `the client of ${this.service} was closed`));
    connection.link.close();
    await connection.closed;
  }

  onRoom(): void {
    while (this.waiting.size > 0 && this.hasRoom) {
      const [call] = this.waiting;
      this.waiting.delete(call!);
      this.connection.send(call!);
    }
  }

  onDraining(error: CellError): void {
    for (const call of [...this.waiting]) call.fail(error);
  }

  forget(call: PendingCall): void {
    if (!call.isSent) this.waiting.delete(call);
    this.connection.forget(call);
  }

  private get hasRoom(): boolean {
    return this.connection.hasRoom(this.setup.server?.connectionCallsMax ?? DEFAULT_LIMITS.connectionCallsMax);
  }

  private submit(call: PendingCall, provisionalTimeoutMs: number): void {
    const method = this.setup.known(call.name);
    call.method = method;
    call.begin(method === undefined ? provisionalTimeoutMs : method.defaultTimeoutMs);
    if (method !== undefined) return this.sendOrWait(call);
    call.hold();
    call.context = keepContext();
    void this.prepare(call);
  }

  /** Waits until the method is known. */
  private async prepare(call: PendingCall): Promise<void> {
    try {
      const method = await this.setup.method(call.name);
      if (call.isOver) return;
      call.prepare(method);
    } catch (thrown) {
      return call.fail(notStarted(thrown as CellError));
    }
    this.sendOrWait(call);
  }

  private sendOrWait(call: PendingCall): void {
    const { connection, waiting } = this;
    if (call.isOver) return;
    if (call.method!.resultStream !== (call.incoming !== undefined)) call.fail(notStarted(this.wrongUse(call)));
    else if (connection.drainingError !== undefined) call.fail(connection.drainingError);
    else if (waiting.size === 0 && this.hasRoom) connection.send(call);
    else if (waiting.size < WAITING_CALLS_MAX) {
      waiting.add(call);
      call.hold();
      if (call.method!.streamParam !== -1) call.context = keepContext();
      // What has no room because another request is just being written has it when that is done.
      if (waiting.size === 1) queueMicrotask(() => this.onRoom());
    } else {
      call.fail(
        new CellError(
          "RESOURCE_EXHAUSTED",
          `calling ${this.service}: ${WAITING_CALLS_MAX} calls wait for room already`,
          {
            retryable: true,
            data: { started: false, limit: "WAITING_CALLS_MAX" },
          },
        ),
      );
    }
  }

  private wrongUse({ name, incoming }: PendingCall): CellError {
    return new CellError(
      "INVALID_ARGUMENT",
      incoming === undefined
        ? `${this.service}.${name} returns a stream: it is called with stream(), not call()`
        : `${this.service}.${name} returns a single value: it is called with call(), not stream()`,
    );
  }

  /**
   * Asks a method that every server has. The answer is shared by all calls that wait for it, so it is not part of the one
   * that happened to ask first and must not end with it.
   */
  private reflect(name: string, index: number, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { timeoutMs: REFLECTION_TIMEOUT_MS };
      const call = new PendingCall(this, name, args, options, undefined, resolve, reject, undefined);
      call.method = reservedMethod(name, index);
      call.begin(REFLECTION_TIMEOUT_MS);
      // User code may ask while another request is just being written.
      if (this.connection.isEncoding) queueMicrotask(() => this.sendReflection(call));
      else this.sendReflection(call);
    });
  }

  private sendReflection(call: PendingCall): void {
    const { connection } = this;
    if (call.isOver) return;
    if (connection.drainingError !== undefined) call.fail(connection.drainingError);
    else connection.send(call);
  }
}

function ignore(): void {}
