import { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { ActiveCall, Child } from "./active_call.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { ClientMethod } from "./client_method.ts";
import { Timed } from "./deadline_queue.ts";
import { IncomingStream, type IncomingStreamOwner } from "./incoming_stream.ts";
import { DEFAULT_TIMEOUT_MS, TIMEOUT_MS_MAX } from "./limits.ts";
import { notStarted } from "./not_started.ts";
import { type Context } from "./server_call.ts";
import { isStreamSource, OutgoingStream, type OutgoingStreamOwner, type StreamSource } from "./outgoing_stream.ts";

/** The client that a call belongs to. */
export interface PendingCallOwner {
  readonly connection: ClientConnection;
  /** The server's name, as far as it is known. */
  readonly service: string;
  /** The deadline of every call that sets none. */
  readonly timeoutMs: number | undefined;
  /** The call is over. */
  forget(call: PendingCall): void;
}

/** How one call differs from the client's options. */
export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * One call on the client, from `call` to its last answer:
 *
 *     waiting --(method known, room, link writable)--> sent --(answer, error)--> over
 *        \_______________________________________________\____(cancel, deadline, lost connection)__/
 *
 * A call that is over while waiting certainly did not start, and its error says so with `data.started === false`.
 */
export class PendingCall extends Timed implements Child, IncomingStreamOwner, OutgoingStreamOwner {
  id = 0;
  /** The link's `committedBytes` behind the request: when that many have left, the server may have started the call. */
  endOffset = 0;
  method: ClientMethod | undefined;
  isSent = false;
  isOver = false;
  /** Items that the server streams. */
  incoming: IncomingStream | undefined;
  /** Items that the caller streams. */
  outgoing: OutgoingStream | undefined;
  /** Where the caller's stream runs when something else than the caller's own code sends the request. */
  context: Context | undefined;

  private readonly startedAt = performance.now();
  private readonly signal: AbortSignal | undefined;
  private readonly timeoutMs: number | undefined;

  constructor(
    private readonly client: PendingCallOwner,
    readonly name: string,
    readonly args: readonly unknown[],
    options: CallOptions | undefined,
    /** The call that this one is part of. */
    private readonly parent: ActiveCall | undefined,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: CellError) => void,
  ) {
    super();
    this.timeoutMs = options?.timeoutMs ?? client.timeoutMs;
    this.signal = options?.signal;
  }

  get link(): Link {
    return this.client.connection.link;
  }

  /** `traceparent` of the call that this one is part of. */
  get trace(): string | undefined {
    return this.parent?.trace;
  }

  /**
   * Puts an end to waiting: by the caller's signal, by the deadline, by the end of the call that this one is part of.
   * `defaultMs` is how long it waits when nobody said.
   */
  begin(defaultMs: number): void {
    const { signal, parent, timeoutMs } = this;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      return this.fail(
        new CellError("INVALID_ARGUMENT", `calling ${this.name}: timeoutMs is a number from 0 on, found ${timeoutMs}`),
      );
    }
    if (signal !== undefined) {
      if (signal.aborted) return this.handleEvent();
      signal.addEventListener("abort", this);
    }
    if (parent !== undefined && !parent.isOver) parent.adopt(this);
    this.setDeadline(defaultMs);
  }

  /** The method became known while the call waited. */
  prepare(method: ClientMethod): void {
    this.method = method;
    if (this.timeoutMs === undefined) this.setDeadline(defaultTimeoutMs(method));
  }

  /** Whole milliseconds left until the deadline, at least one; undefined without a deadline. */
  remainingMs(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : Math.max(1, Math.ceil(this.deadlineAt - performance.now()));
  }

  succeed(value: unknown): void {
    if (!this.close()) return;
    this.incoming?.end();
    this.resolve(value);
  }

  fail(error: CellError): void {
    if (!this.close()) return;
    this.incoming?.fail(error);
    this.reject(error);
  }

  /** Ends the call on both sides. */
  abort(error: CellError): void {
    if (this.isOver) return;
    const { isSent } = this;
    this.fail(isSent ? error : notStarted(error));
    if (isSent) this.client.connection.sendCancel(this);
  }

  onDeadline(): void {
    const waitedMs = Math.round(this.deadlineAt - this.startedAt);
    this.abort(
      new CellError("DEADLINE_EXCEEDED", `${this.client.service}.${this.name} did not answer within ${waitedMs} ms`),
    );
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.abort(
      new CellError("CANCELLED", `the call to ${this.client.service}.${this.name} was cancelled`, {
        cause: this.signal?.reason,
      }),
    );
  }

  grantCredit(bytes: number): void {
    this.client.connection.sendCredit(this, bytes);
  }

  onReturn(): void {
    if (this.close() && this.isSent) this.client.connection.sendCancel(this);
  }

  whenWritable(callback: () => void): void {
    this.client.connection.whenWritable(callback);
  }

  sendItem(value: unknown): number {
    return this.client.connection.sendItem(this, value);
  }

  /** The arguments as they are encoded: the stream's place is empty. Begins to send the stream after `sent`. */
  encodableArgs(): readonly unknown[] {
    const { streamParam } = this.method!;
    return streamParam === -1 ? this.args : this.args.with(streamParam, undefined);
  }

  /** The caller's stream. Throws INVALID_ARGUMENT when the argument is none. */
  source(): StreamSource | undefined {
    const { streamParam, name } = this.method!;
    if (streamParam === -1) return undefined;
    const source = this.args[streamParam];
    if (isStreamSource(source)) return source;
    throw new CellError(
      "INVALID_ARGUMENT",
      `calling ${name}: args[${streamParam}]: expected an AsyncIterable, found ${
        source === null ? "null" : typeof source
      }`,
    );
  }

  /** Sends the caller's stream until it ends, the server has enough, or it breaks. */
  pump(source: StreamSource): void {
    const { context } = this;
    void (context === undefined ? this.send(source) : context(() => this.send(source)));
  }

  private async send(source: StreamSource): Promise<void> {
    this.outgoing = new OutgoingStream(this);
    try {
      if (await this.outgoing.run(source)) this.client.connection.sendEnd(this);
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.abort(
        thrown instanceof CellError ? thrown : new CellError(
          "CANCELLED",
          `the call to ${this.client.service}.${this.name} was cancelled: its stream threw: ${cause.message}`,
          { cause },
        ),
      );
    }
  }

  /** Leaves every table; false when it had left before. */
  private close(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.signal?.removeEventListener("abort", this);
    this.parent?.release(this);
    this.outgoing?.stop();
    this.client.forget(this);
    return true;
  }

  private setDeadline(defaultMs: number): void {
    const { deadlines } = this.client.connection;
    const timeoutMs = this.timeoutMs ?? defaultMs;
    const ownAt = timeoutMs > TIMEOUT_MS_MAX ? Infinity : this.startedAt + timeoutMs;
    deadlines.remove(this);
    this.deadlineAt = this.parent === undefined || this.parent.isOver ? ownAt : Math.min(ownAt, this.parent.deadlineAt);
    deadlines.add(this, performance.now());
  }
}

/** How long a call of `method` waits when nobody said. */
export function defaultTimeoutMs({ timeoutMs, resultStream, streamParam }: ClientMethod): number {
  return timeoutMs ?? (resultStream || streamParam !== -1 ? Infinity : DEFAULT_TIMEOUT_MS);
}
