import { CellError, type Code } from "../base/mod.ts";
import type { Link, LinkReceiver } from "../net/mod.ts";
import { Cursor, Flag, type Frame, type Goaway, type GoawayReason, Kind, readGoaway, readUint } from "../wire/mod.ts";
import { CallTable } from "./call_table.ts";
import { ClientFrames, type ClientFramesOwner } from "./client_frames.ts";
import { DeadlineQueue } from "./deadline_queue.ts";
import { DeadlineSweep, UNFIXED } from "./deadline_sweep.ts";
import { readError } from "./error_payload.ts";
import { KeepAlive, type KeepAliveOwner } from "./keep_alive.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { StreamSource } from "./outgoing_stream.ts";
import { notStarted } from "./not_started.ts";
import type { PendingCall } from "./pending_call.ts";
import type { LoadReport } from "./reflection.ts";

/** What a goaway means for the calls that it leaves without an answer. */
const GOAWAY_CODES: { [reason in GoawayReason]: Code } = {
  draining: "UNAVAILABLE",
  idle: "UNAVAILABLE",
  done: "UNAVAILABLE",
  limit: "RESOURCE_EXHAUSTED",
  permission: "PERMISSION_DENIED",
  protocol: "INTERNAL",
};

/** Whom a connection tells what concerns more than one call. */
export interface ClientConnectionOwner extends ClientFramesOwner {
  /** There may be room for a call that waits. */
  onRoom(): void;
  /** No further call can be sent. */
  onDraining(error: CellError): void;
}

/** A client's side of a link: the calls that were sent, and every frame from and to the server. */
export class ClientConnection implements LinkReceiver, KeepAliveOwner {
  readonly deadlines = new DeadlineQueue();
  readonly load: { -readonly [field in keyof LoadReport]: number } = { inFlight: 0, latencyMicros: 0 };
  readonly closed: Promise<CellError | undefined>;
  /** Why no further call can be sent; undefined while calls can be. */
  drainingError: CellError | undefined;

  /** Sent and not answered, by call id. */
  private readonly calls = new CallTable<PendingCall>();
  private readonly sweep = new DeadlineSweep(this.deadlines, () => this.calls.values());
  private waitingForLink: (() => void)[] = [];
  private readonly frames: ClientFrames;
  private readonly keepAlive = new KeepAlive(this, {
    intervalMs: DEFAULT_LIMITS.keepAliveIntervalMs,
    timeoutMs: DEFAULT_LIMITS.keepAliveTimeoutMs,
  });
  private readonly resolveClosed: (error: CellError | undefined) => void;
  private lastCallId = 0;
  private goaway: (Goaway & { lastCallId: number }) | undefined;
  private isClosed = false;
  private isReading = false;

  constructor(readonly link: Link, private readonly owner: ClientConnectionOwner) {
    const { promise, resolve } = Promise.withResolvers<CellError | undefined>();
    this.closed = promise;
    this.resolveClosed = resolve;
    this.frames = new ClientFrames(link, owner);
    // A script ends when its calls are answered, not when its connections are closed.
    link.unref();
  }

  get inFlight(): number {
    return this.calls.size;
  }

  get isBusy(): boolean {
    return this.calls.size > 0;
  }

  /** Whether a value is being written: what is asked for by user code meanwhile has to wait. */
  get isEncoding(): boolean {
    return this.frames.isEncoding;
  }

  /** Whether a frame is being read or written: user code that runs within cannot wait for another one. */
  get isBusyWithFrame(): boolean {
    return this.isReading || this.frames.isEncoding;
  }

  /** Whether one more of at most `callsMax` calls can be sent at once. */
  hasRoom(callsMax: number): boolean {
    return this.link.writable && this.calls.size < callsMax && !this.frames.isEncoding;
  }

  /** Sends a call's request. What does not fit its types or limits fails the call and leaves no trace on the link. */
  send(call: PendingCall): void {
    const id = this.calls.freeId(this.lastCallId);
    let source: StreamSource | undefined;
    try {
      source = call.source();
      call.endOffset = this.link.committedBytes + this.frames.request(call, id);
    } catch (thrown) {
      return call.fail(notStarted(asCellError(thrown)));
    }
    call.id = this.lastCallId = id;
    call.isSent = true;
    if (!this.isBusy) this.link.ref();
    this.calls.add(call);
    this.keepAlive.onCall();
    if (call.fixedAt === UNFIXED) this.sweep.onCall();
    this.link.commit();
    if (source !== undefined && !call.isOver) call.pump(source);
  }

  /** Sends one item of the caller's stream; returns what it takes from the credit. Throws when it does not fit. */
  sendItem(call: PendingCall, value: unknown): number {
    let cost: number;
    try {
      cost = this.frames.item(call, value);
    } catch (thrown) {
      throw asCellError(thrown);
    }
    this.link.commit();
    return cost;
  }

  /** The caller's stream has ended. */
  sendEnd(call: PendingCall): void {
    if (call.isOver) return;
    this.frames.end(call);
    this.link.commit();
  }

  sendCancel(call: PendingCall): void {
    if (this.frames.isEncoding) return queueMicrotask(() => this.sendCancel(call));
    this.frames.cancel(call);
    this.link.commit();
  }

  sendCredit(call: PendingCall, bytes: number): void {
    if (this.frames.isEncoding) return queueMicrotask(() => this.sendCredit(call, bytes));
    this.frames.credit(call, bytes);
    this.link.commit();
  }

  sendPing(): void {
    this.frames.ping();
    this.link.commit();
  }

  /** Ends every call on both sides. */
  cancelAll(error: CellError): void {
    this.drain(error);
    for (const call of this.calls.values()) call.abort(error);
  }

  /** Calls back when the server has taken enough of what is queued for it; never when the link is lost before. */
  whenWritable(callback: () => void): void {
    if (!this.isClosed) this.waitingForLink.push(callback);
  }

  /** The call is over. */
  forget(call: PendingCall): void {
    if (call.queueEntry !== undefined) this.deadlines.remove(call);
    if (!call.isSent) return;
    this.calls.delete(call.id);
    if (!this.isBusy) this.link.unref();
    // User code may have ended it that runs while a frame is being written: what follows from it comes after that frame.
    if (this.frames.isEncoding) queueMicrotask(() => this.afterCall());
    else this.afterCall();
  }

  private afterCall(): void {
    if (this.drainingError !== undefined && !this.isBusy) this.link.close();
    else this.owner.onRoom();
  }

  onFrame(frame: Frame): void {
    this.isReading = true;
    this.keepAlive.onFrame();
    this.read(frame);
    this.isReading = false;
  }

  private read(frame: Frame): void {
    switch (frame.kind) {
      case Kind.response:
        return this.onResponse(frame);
      case Kind.error:
        return this.onError(frame);
      case Kind.item:
        return this.onItem(frame);
      case Kind.end:
        return this.onEnd(frame);
      case Kind.cancel:
        return this.callOf(frame)?.outgoing?.stop();
      case Kind.credit:
        return this.callOf(frame)?.outgoing?.grant(readUint(new Cursor(frame.bytes, frame.start, frame.end)));
      case Kind.ping:
        return this.sendPong(frame);
      case Kind.pong:
        return;
      case Kind.goaway:
        return this.onGoaway(frame);
      default:
        throw new CellError("INVALID_ARGUMENT", `a server does not send frames of kind ${frame.kind}`);
    }
  }

  onOversized(frame: Frame): void {
    this.isReading = true;
    this.callOf(frame)?.abort(
      new CellError(
        "RESOURCE_EXHAUSTED",
        `the answer of ${this.owner.service} has more than ${DEFAULT_LIMITS.messageBytesMax} bytes, the limit of this client`,
        { data: { limit: "messageBytesMax", messageBytesMax: DEFAULT_LIMITS.messageBytesMax } },
      ),
    );
    this.isReading = false;
  }

  onViolation(error: CellError): void {
    const broken = new CellError("INTERNAL", `${this.owner.service} broke the protocol: ${error.message}`, {
      cause: error,
    });
    this.frames.goaway(error.message);
    this.link.commit();
    this.drain(broken);
    this.link.close(broken);
  }

  /** See `RpcClient.doubt`. */
  doubt(timeoutMs: number): void {
    if (!this.isClosed) this.keepAlive.doubt(timeoutMs);
  }

  /** See `RpcClient.believe`. */
  believe(): void {
    this.keepAlive.believe();
  }

  onWritable(): void {
    while (this.waitingForLink.length > 0 && this.link.writable) this.waitingForLink.shift()!();
    this.owner.onRoom();
  }

  onClose(error: CellError | undefined): void {
    this.isClosed = true;
    this.waitingForLink = [];
    this.keepAlive.stop();
    const { link, goaway } = this;
    const code = goaway === undefined ? error?.code ?? "UNAVAILABLE" : GOAWAY_CODES[goaway.reason];
    const why = goaway?.message || error?.message;
    const { service } = this.owner;
    const what = goaway === undefined ? `the connection to ${service} was lost` : `${service} ended the connection`;
    const lost = new CellError(code, `${what}${why === undefined ? "" : `: ${why}`}`, { cause: error });
    this.drain(lost);
    const leftBytes = link.committedBytes - link.queuedBytes;
    for (const call of this.calls.values()) {
      const neverArrived = call.endOffset > leftBytes || (goaway !== undefined && isNewer(call.id, goaway.lastCallId));
      call.fail(neverArrived ? notStarted(lost) : lost);
    }
    this.resolveClosed(error ?? (goaway === undefined || goaway.reason === "draining" ? undefined : lost));
  }

  onSilence(silentMs: number): void {
    this.link.destroy(new CellError("UNAVAILABLE", `no sign of life from ${this.owner.service} for ${silentMs} ms`));
  }

  private onResponse(frame: Frame): void {
    const call = this.callOf(frame);
    this.readLoad(frame);
    if (call === undefined) return;
    if (call.incoming !== undefined) throw wrongKind(call, "a response");
    let value: unknown;
    try {
      value = call.method!.codec.result.decode(frame.bytes, frame.start, frame.end);
    } catch (thrown) {
      return call.fail(this.misfit(call, thrown));
    }
    call.succeed(value);
  }

  private onError(frame: Frame): void {
    const call = this.callOf(frame);
    this.readLoad(frame);
    call?.fail(readError(frame.bytes, frame.start, frame.end));
  }

  private onItem(frame: Frame): void {
    const call = this.callOf(frame);
    if (call === undefined) return;
    const { incoming } = call;
    if (incoming === undefined) throw wrongKind(call, "a stream item");
    let value: unknown;
    try {
      value = call.method!.codec.result.decode(frame.bytes, frame.start, frame.end);
    } catch (thrown) {
      return call.abort(this.misfit(call, thrown));
    }
    incoming.push(value, frame.end - frame.start);
    if ((frame.flags & Flag.last) !== 0) call.succeed(undefined);
  }

  private onEnd(frame: Frame): void {
    const call = this.callOf(frame);
    this.readLoad(frame);
    if (call === undefined) return;
    if (call.incoming === undefined) throw wrongKind(call, "the end of a stream");
    call.succeed(undefined);
  }

  private onGoaway(frame: Frame): void {
    const goaway = this.goaway = { ...readGoaway(frame), lastCallId: frame.callId };
    this.drain(
      new CellError(GOAWAY_CODES[goaway.reason], `${this.owner.service} takes no further calls: ${goaway.message}`),
    );
    if (!this.isBusy) this.link.close();
  }

  /** Sends no further call. */
  private drain(error: CellError): void {
    if (this.drainingError !== undefined) return;
    this.drainingError = notStarted(error);
    this.owner.onDraining(this.drainingError);
  }

  /** The call that a frame is about; undefined when it is over already, which crossing frames make common. */
  private callOf({ callId }: Frame): PendingCall | undefined {
    const call = this.calls.get(callId);
    if (call === undefined && isNewer(callId, this.lastCallId)) {
      throw new CellError("INVALID_ARGUMENT", `a frame came for call ${callId}, which was never made`);
    }
    return call;
  }

  private readLoad({ low, high }: Frame): void {
    this.load.inFlight = low;
    this.load.latencyMicros = high;
  }

  private misfit({ name }: PendingCall, thrown: unknown): CellError {
    const { message } = asCellError(thrown);
    return new CellError("INTERNAL", `the answer of ${this.owner.service}.${name} does not fit its type: ${message}`, {
      cause: thrown,
    });
  }

  private sendPong(frame: Frame): void {
    this.frames.pong(frame);
    this.link.commit();
  }
}

/** Whether call id `id` was given after `than`; ids wrap, so they are compared as RFC 1982 compares serial numbers. */
function isNewer(id: number, than: number): boolean {
  return ((id - than) | 0) > 0;
}

function wrongKind(call: PendingCall, what: string): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `${what} came for call ${call.id} of ${call.name}, whose result is of the other kind`,
  );
}

function asCellError(thrown: unknown): CellError {
  if (thrown instanceof CellError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CellError("INVALID_ARGUMENT", message, { cause: thrown });
}
