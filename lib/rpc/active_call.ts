import { CellError, CODES, toCellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import { callerOf } from "./caller.ts";
import type { QueueEntry } from "./deadline_queue.ts";
import { type Swept, UNFIXED } from "./deadline_sweep.ts";
import { IncomingStream, type IncomingStreamOwner } from "./incoming_stream.ts";
import type { Waiting } from "./method_gate.ts";
import { maybeStarted } from "./not_started.ts";
import { isStreamSource, OutgoingStream, type OutgoingStreamOwner } from "./outgoing_stream.ts";
import { type ServedMethod, UNTIMED } from "./served_method.ts";
import { runAs, type ServerCall } from "./server_call.ts";
import type { ServerConnection } from "./server_connection.ts";
import { continueTrace } from "./trace.ts";

/** Something that ends early when the call that set it off does. */
export interface Child {
  abort(error: CellError): void;
}

/**
 * One call on the server, from its request to its last answer:
 *
 *     waiting --(gate)--> running --(answer, error)--> over
 *        \__________________\________(cancel, deadline, lost connection)__/
 *
 * Over means that the caller has its answer or is gone. The handler may still run then; whatever it gives is dropped.
 */
export class ActiveCall implements Swept, ServerCall, Waiting, IncomingStreamOwner, OutgoingStreamOwner {
  // What few calls have is not set before they do: with these seven fields a call took 50 ns more.
  /** Items that the caller streams. */
  declare incoming: IncomingStream | undefined;
  /** Items that the handler streams. */
  declare outgoing: OutgoingStream | undefined;
  declare queueEntry: QueueEntry | undefined;
  declare private abortReason: CellError | undefined;
  declare private controller: AbortController | undefined;
  declare private children: Set<Child> | undefined;
  declare private ownTrace: string | undefined;

  fixedAt: number;
  isOver = false;
  /** The handler was called: nobody may say any more that nothing was executed. */
  hasStarted = false;
  /** Its handler returned before there was an answer. */
  hasWaited = false;
  private isRunning = false;
  private args: unknown[] | undefined = undefined;

  constructor(
    readonly connection: ServerConnection,
    readonly served: ServedMethod,
    readonly id: number,
    /** In milliseconds of `performance.now`; `UNTIMED` when nobody wants to know how long the call takes. */
    public arrivedAt: number,
    /** The call's time; Infinity without a limit. */
    private readonly limitMs: number,
    private readonly receivedTrace: string | undefined,
    private readonly callerService: string | undefined,
  ) {
    this.fixedAt = limitMs === Infinity ? Infinity : UNFIXED;
  }

  get link(): Link {
    return this.connection.link;
  }

  get service(): string {
    return this.connection.server.schema.name;
  }

  get method(): string {
    return this.served.name;
  }

  get deadlineAt(): number {
    if (this.fixedAt === UNFIXED) this.fixDeadline(performance.now());
    return this.fixedAt;
  }

  /** Counts from the call's arrival where that is known. */
  fixDeadline(now: number): void {
    this.fixedAt = (this.arrivedAt === UNTIMED ? now : this.arrivedAt) + this.limitMs;
  }

  get deadline(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : performance.timeOrigin + this.deadlineAt;
  }

  remainingMs(): number {
    return this.deadlineAt === Infinity ? Infinity : Math.max(0, this.deadlineAt - performance.now());
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.abortReason !== undefined) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  get caller(): ServerCall["caller"] {
    return callerOf(this.link.peer, this.callerService);
  }

  get trace(): string {
    return this.ownTrace ??= continueTrace(this.receivedTrace);
  }

  /** A nested call that is to end when this one is aborted. */
  adopt(child: Child): void {
    (this.children ??= new Set()).add(child);
  }

  /** The nested call has ended by itself. */
  release(child: Child): void {
    this.children?.delete(child);
  }

  /** Takes the arguments and runs the handler, now or when the method's gate opens. Throws what the gate throws. */
  begin(args: unknown[]): void {
    const { streamParam, gate, method } = this.served;
    if (method.resultStream === true) this.outgoing = new OutgoingStream(this);
    if (streamParam !== -1) args[streamParam] = this.incoming = new IncomingStream(this);
    this.args = args;
    if (gate === undefined) this.run();
    else gate.enter(this);
  }

  run(): void {
    this.hasStarted = this.isRunning = true;
    let result: unknown;
    try {
      result = runAs(this, invoke);
      if (this.served.method.resultStream === true) {
        runAs(this, () => this.pump(result)).then(
          (ended) => this.streamDone(ended),
          (thrown) => this.handlerFailed(thrown),
        );
        return;
      }
      if (isThenable(result)) {
        const thenable = result;
        // One of user code may throw, may answer twice, and may begin its work when it is asked: as part of this call.
        if (!isPlainPromise(thenable)) return this.wait(runAs(this, () => Promise.resolve(thenable)));
        if (Bun.peek.status(thenable) !== "fulfilled") return this.wait(thenable);
        // An async function that waited for nothing: looking at its promise saves 60 ns for being told of it later.
        result = Bun.peek(thenable);
      }
    } catch (thrown) {
      return this.handlerFailed(thrown);
    }
    this.handlerDone(result);
  }

  /** Ends the call before its handler gave an answer: `error` is what the handler's signal and streams report. */
  abort(error: CellError): void {
    if (this.isOver) return;
    this.abortReason = error;
    if (this.isRunning) this.served.abandoned++;
    else this.served.gate?.withdraw(this);
    this.close(true);
    this.incoming?.fail(error);
    this.controller?.abort(error);
    const { children } = this;
    this.children = undefined;
    for (const child of children ?? []) child.abort(error);
  }

  onDeadline(): void {
    const error = new CellError(
      "DEADLINE_EXCEEDED",
      `${this.service}.${this.method} did not answer within ${Math.round(this.limitMs)} ms`,
    );
    this.connection.refuseCall(this, error);
  }

  grantCredit(bytes: number): void {
    this.connection.sendCredit(this, bytes);
  }

  onReturn(): void {
    this.connection.sendCancel(this);
  }

  whenWritable(callback: () => void): void {
    this.connection.whenWritable(callback);
  }

  sendItem(value: unknown): number {
    return this.connection.sendItem(this, value);
  }

  /** The caller has its last frame, or never gets one. */
  close(isError: boolean): void {
    this.isOver = true;
    this.args = undefined;
    this.connection.forget(this, isError);
    this.outgoing?.stop();
    if (this.abortReason === undefined) this.incoming?.end();
  }

  /** Sends what the handler's stream yields; true when it ended by itself. */
  private async pump(result: unknown): Promise<boolean> {
    const source = await result;
    if (!isStreamSource(source)) {
      throw new CellError("INTERNAL", `${this.method} is declared to return a stream and returned ${typeof source}`);
    }
    return this.outgoing!.run(source);
  }

  /** For what is not there yet. */
  private wait(promise: Promise<unknown>): void {
    this.hasWaited = true;
    if (this.arrivedAt === UNTIMED) this.arrivedAt = this.served.lateArrival();
    promise.then((value) => this.handlerDone(value), (thrown) => this.handlerFailed(thrown));
  }

  private streamDone(ended: boolean): void {
    this.settled();
    if (ended && !this.isOver) this.connection.sendEnd(this);
    this.served.gate?.leave();
  }

  private handlerDone(value: unknown): void {
    this.settled();
    this.answer(value);
    this.served.gate?.leave();
  }

  private answer(value: unknown): void {
    if (this.isOver) return;
    if (this.link.writable) this.connection.sendResponse(this, value);
    else this.connection.whenWritable(() => this.answer(value));
  }

  private handlerFailed(thrown: unknown): void {
    this.settled();
    if (!this.isOver) this.connection.failCall(this, thrown);
    this.served.gate?.leave();
  }

  /** The handler has returned, thrown or run out of items. Its caller hears of it before another call gets its place. */
  private settled(): void {
    this.isRunning = false;
    if (this.abortReason !== undefined) this.served.abandoned--;
  }

  /** For `invoke`: hands the arguments over once. */
  takeArgs(): unknown[] {
    const { args } = this;
    this.args = undefined;
    return args!;
  }
}

function invoke(call: ActiveCall): unknown {
  const { fn, self } = call.served.handler;
  return fn.apply(self, call.takeArgs() as never[]);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

const { then } = Promise.prototype;

/** Whether nothing else than the promise itself decides what it is resolved to: a subclass may begin its work in `then`. */
function isPlainPromise(value: PromiseLike<unknown>): value is Promise<unknown> {
  return value.then === then && value instanceof Promise;
}

/** What a handler threw, as the caller gets it: without stack, and without a claim about this call that it cannot make. */
export function handlerError(thrown: unknown): CellError {
  try {
    const error = toCellError(thrown);
    const { code, message, retryable, data } = error;
    const isWellFormed = CODES.includes(code) && typeof message === "string" && typeof retryable === "boolean";
    // What says that it did not start is a call that the handler made; this one did.
    return maybeStarted(isWellFormed ? error : new CellError("UNKNOWN", String(message), { data, cause: error }));
  } catch {
    return new CellError("UNKNOWN", "an error was thrown that throws when it is looked at");
  }
}
