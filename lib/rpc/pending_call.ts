import { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { ActiveCall, Child } from "./active_call.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { ClientMethod } from "./client_method.ts";
import type { QueueEntry } from "./deadline_queue.ts";
import { type Swept, SWEPT_FROM_MS, UNFIXED } from "./deadline_sweep.ts";
import { IncomingStream, type IncomingStreamOwner } from "./incoming_stream.ts";
import { TIMEOUT_MS_MAX } from "./limits.ts";
import { notStarted } from "./not_started.ts";
import { type Context, outsideCalls, runAs } from "./server_call.ts";
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

/** A call that failed, for whoever may make it again. */
export interface FailedCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions | undefined;
  /** Nothing of the caller's stream was read. */
  readonly isUnread: boolean;
  /** When the call was made, in milliseconds of `performance.now`, as far as it is known: never too early. */
  readonly madeAt: number;
}

/** Takes over calls that fail, before their callers hear of it. One object serves any number of them. */
export interface Fallback {
  /** What becomes of the call instead. Runs as part of the call that its caller answers, if any. */
  takeOver(error: CellError, call: FailedCall): Promise<unknown>;
}

/**
 * One call on the client, from `call` to its last answer:
 *
 *     waiting --(method known, room, link writable)--> sent --(answer, error)--> over
 *        \_______________________________________________\____(cancel, deadline, lost connection)__/
 *
 * A call that is over while waiting certainly did not start, and its error says so with `data.started === false`.
 *
 * It is one class without a base: constructing it and its base took 50 ns more.
 */
export class PendingCall implements Swept, Child, FailedCall, IncomingStreamOwner, OutgoingStreamOwner {
  // What few calls have is not set before they do: with these five fields a call took 50 ns more.
  /** Items that the server streams. */
  declare incoming: IncomingStream | undefined;
  /** Items that the caller streams. */
  declare outgoing: OutgoingStream | undefined;
  /** Where the caller's stream runs when something else than the caller's own code sends the request. */
  declare context: Context | undefined;
  declare queueEntry: QueueEntry | undefined;
  declare private signal: AbortSignal | undefined;
  /** What the caller or the client said about the call's time. */
  declare private givenMs: number | undefined;

  id = 0;
  /** The link's `committedBytes` behind the request: when that many have left, the server may have started the call. */
  endOffset = 0;
  method: ClientMethod | undefined = undefined;
  isSent = false;
  isOver = false;
  fixedAt = UNFIXED;
  /** The call's time; Infinity without a limit. */
  private limitMs = Infinity;
  /** When the deadline was fixed, which for calls that are not swept is when they were made. */
  private startedAt = 0;
  /** Time has passed between the call and its request. */
  private hasWaited = false;

  constructor(
    private readonly client: PendingCallOwner,
    readonly name: string,
    readonly args: readonly unknown[],
    readonly options: CallOptions | undefined,
    /** The call that this one is part of. */
    private readonly parent: ActiveCall | undefined,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: CellError) => void,
    private readonly fallback: Fallback | undefined,
  ) {}

  get link(): Link {
    return this.client.connection.link;
  }

  /** `traceparent` of the call that this one is part of. */
  get trace(): string | undefined {
    return this.parent?.trace;
  }

  get isUnread(): boolean {
    return this.outgoing === undefined;
  }

  get deadlineAt(): number {
    if (this.fixedAt === UNFIXED) this.fixDeadline(performance.now());
    return this.fixedAt;
  }

  /**
   * Puts an end to waiting: by the caller's signal, by the deadline, by the end of the call that this one is part of.
   * `defaultMs` is how long it waits when nobody said.
   */
  begin(defaultMs: number): void {
    const { parent, options } = this;
    const givenMs = options?.timeoutMs ?? this.client.timeoutMs;
    const signal = options?.signal;
    if (givenMs !== undefined) {
      if (!(givenMs >= 0)) {
        return this.fail(
          new CellError("INVALID_ARGUMENT", `calling ${this.name}: timeoutMs is a number from 0 on, found ${givenMs}`),
        );
      }
      this.givenMs = givenMs;
    }
    if (signal !== undefined) {
      this.signal = signal;
      if (signal.aborted) return this.handleEvent();
      signal.addEventListener("abort", this);
    }
    const isNested = parent !== undefined && !parent.isOver;
    if (isNested) parent.adopt(this);
    this.limit(givenMs ?? defaultMs);
    if (isNested || (this.limitMs < SWEPT_FROM_MS && !this.isOver)) this.enqueue();
  }

  /** The request cannot leave at once. */
  hold(): void {
    this.hasWaited = true;
    if (this.queueEntry === undefined && !this.isOver) this.enqueue();
  }

  /** The method became known while the call waited. */
  prepare(method: ClientMethod): void {
    this.method = method;
    if (this.givenMs !== undefined) return;
    const { startedAt } = this;
    this.client.connection.deadlines.remove(this);
    this.limit(method.defaultTimeoutMs);
    this.enqueue(startedAt);
  }

  fixDeadline(now: number): void {
    const { parent } = this;
    this.startedAt = now;
    const ownAt = now + this.limitMs;
    this.fixedAt = parent === undefined || parent.isOver ? ownAt : Math.min(ownAt, parent.deadlineAt);
  }

  get madeAt(): number {
    if (this.startedAt === 0) this.startedAt = performance.now();
    return this.startedAt;
  }

  /**
   * The deadline as the request says it: whole milliseconds from its arrival on, at least one. Undefined without one, and
   * for the time that every server allows by itself: that saves 60 ns for writing and reading it.
   */
  sentDeadlineMs(): number | undefined {
    const { fixedAt, limitMs } = this;
    if (fixedAt === Infinity) return undefined;
    if (fixedAt === UNFIXED) {
      return this.givenMs === undefined && this.method!.timeoutMs === undefined ? undefined : Math.ceil(limitMs);
    }
    return Math.max(1, Math.ceil(fixedAt - (this.hasWaited ? performance.now() : this.startedAt)));
  }

  succeed(value: unknown): void {
    if (!this.close()) return;
    this.incoming?.end();
    this.resolve(value);
  }

  fail(error: CellError): void {
    if (!this.close()) return;
    this.incoming?.fail(error);
    if (this.fallback === undefined) this.reject(error);
    else this.resolve(this.takenOver(this.fallback, error));
  }

  /** Ends the call on both sides. */
  abort(error: CellError): void {
    if (this.isOver) return;
    const { isSent } = this;
    // Before the call makes room: what waits for its place must not reach the server while that is still taken.
    if (isSent) this.client.connection.sendCancel(this);
    this.fail(isSent ? error : notStarted(error));
  }

  onDeadline(): void {
    const waitedMs = Math.round(this.fixedAt - this.startedAt);
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
    if (this.isOver) return;
    if (this.isSent) this.client.connection.sendCancel(this);
    this.close();
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

  private limit(timeoutMs: number): void {
    this.limitMs = timeoutMs > TIMEOUT_MS_MAX ? Infinity : timeoutMs;
    this.fixedAt = this.limitMs === Infinity ? Infinity : UNFIXED;
  }

  /** Enters the queue of deadlines; the call's time counts from `startedAt`. */
  private enqueue(startedAt?: number): void {
    const now = performance.now();
    this.fixDeadline(startedAt ?? now);
    this.client.connection.deadlines.add(this, now);
  }

  /** The failure was noticed wherever a frame or a timer was; what is done about it is the caller's doing. */
  private async takenOver(fallback: Fallback, error: CellError): Promise<unknown> {
    await Promise.resolve();
    const { context, parent } = this;
    const takeOver = () => fallback.takeOver(error, this);
    if (context !== undefined) return context(takeOver);
    return parent === undefined ? outsideCalls(takeOver) : runAs(parent, takeOver);
  }
}
