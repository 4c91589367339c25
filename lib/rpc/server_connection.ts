import { CellError } from "../base/mod.ts";
import { describePeer, type Link, type LinkReceiver } from "../net/mod.ts";
import { Cursor, Flag, type Frame, type Gene, type GoawayReason, Kind, readUint } from "../wire/mod.ts";
import { ActiveCall, handlerError } from "./active_call.ts";
import { CallTable } from "./call_table.ts";
import { SWEPT_FROM_MS } from "./deadline_sweep.ts";
import { KeepAlive, type KeepAliveOwner } from "./keep_alive.ts";
import { notStarted } from "./not_started.ts";
import { REFLECTION_FIRST } from "./reflection.ts";
import { RequestMetadata } from "./request_metadata.ts";
import type { Server } from "./server.ts";
import type { ServedMethod } from "./served_method.ts";
import { ServerFrames } from "./server_frames.ts";

/** After a goaway, a client without calls closes by itself; one that does not is closed after this. */
const GOAWAY_LINGER_MS = 250;

const OPEN = { refusal: undefined };

/** One client of a server: its calls in flight, and every frame from and to it. */
export class ServerConnection implements LinkReceiver, KeepAliveOwner {
  /** By call id. */
  private readonly calls = new CallTable<ActiveCall>();
  /** By method index, the gene of the client's own signature that was found compatible. */
  private readonly negotiated = new Map<number, Gene>();
  private readonly metadata = new RequestMetadata();
  private readonly keepAlive: KeepAlive;
  private readonly frames: ServerFrames;
  /** What waits until the client takes bytes again, first come, first served. */
  private waiting: (() => void)[] = [];
  private paused = false;
  private closed = false;
  private goawaySent = false;
  /** Undefined until the peer was looked at. */
  private access: { readonly refusal: CellError | undefined } | undefined;
  /** The newest request that was accepted. */
  private lastCallId = 0;
  private handshakeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly server: Server, readonly link: Link) {
    const { limits, authorize } = server;
    if (authorize === undefined) this.access = OPEN;
    this.frames = new ServerFrames(link, server, limits.messageBytesMax);
    this.keepAlive = new KeepAlive(this, {
      intervalMs: limits.keepAliveIntervalMs,
      timeoutMs: limits.keepAliveTimeoutMs,
    });
    this.handshakeTimer = setTimeout(() => this.onHandshakeTimeout(), limits.handshakeMs);
    this.handshakeTimer.unref();
  }

  get isBusy(): boolean {
    return this.calls.size > 0;
  }

  /** Whether it was told to go, and may still be taking its last answers. */
  get isLeaving(): boolean {
    return this.goawaySent;
  }

  callsInFlight(): ActiveCall[] {
    return this.calls.values();
  }

  onFrame(frame: Frame): void {
    this.onHeard();
    switch (frame.kind) {
      case Kind.request:
        return this.onRequest(frame);
      case Kind.item:
        return this.onItem(frame);
      case Kind.end:
        return this.calls.get(frame.callId)?.incoming?.end();
      case Kind.cancel:
        return this.calls.get(frame.callId)?.abort(new CellError("CANCELLED", "the caller cancelled the call"));
      case Kind.credit:
        return this.calls.get(frame.callId)?.outgoing?.grant(readUint(new Cursor(frame.bytes, frame.start, frame.end)));
      case Kind.ping:
        return this.sendPong(frame);
      case Kind.pong:
      case Kind.goaway:
        return;
      default:
        throw new CellError("INVALID_ARGUMENT", `a client does not send frames of kind ${frame.kind}`);
    }
  }

  onOversized({ kind, method, callId }: Frame): void {
    this.onHeard();
    const { messageBytesMax } = this.server.limits;
    const error = new CellError(
      "RESOURCE_EXHAUSTED",
      `the ${kind === Kind.request ? "arguments" : "stream item"} of a call to ${
        this.server.describe(method)
      } have more ` +
        `than ${messageBytesMax} bytes, the limit messageBytesMax of this server`,
      { data: { limit: "messageBytesMax", messageBytesMax, ...(kind === Kind.request && { started: false }) } },
    );
    const call = this.calls.get(callId);
    if (kind === Kind.request && call === undefined) {
      this.lastCallId = callId;
      this.refuse(method, callId, error);
    } else if (kind === Kind.item && call !== undefined) this.refuseCall(call, error);
    else if (kind === Kind.request) throw new CellError("INVALID_ARGUMENT", `call id ${callId} is in flight already`);
  }

  onViolation(error: CellError): void {
    this.server.log({
      level: "warn",
      message: `${describePeer(this.link.peer)} broke the protocol and is disconnected: ${error.message}`,
      error,
    });
    this.goaway("protocol", error.message);
    this.link.close(error);
  }

  onWritable(): void {
    while (this.waiting.length > 0 && this.link.writable) this.waiting.shift()!();
    if (!this.paused || !this.link.writable) return;
    this.paused = false;
    this.link.resume();
  }

  onClose(error: CellError | undefined): void {
    this.closed = true;
    this.waiting = [];
    clearTimeout(this.handshakeTimer);
    this.keepAlive.stop();
    const reason = new CellError("CANCELLED", `the caller is gone${error === undefined ? "" : `: ${error.message}`}`);
    for (const call of this.calls.values()) call.abort(reason);
    this.server.onConnectionClosed(this);
  }

  sendPing(): void {
    this.frames.ping();
    this.commit();
  }

  onSilence(silentMs: number): void {
    this.link.destroy(
      new CellError("UNAVAILABLE", `no sign of life from ${describePeer(this.link.peer)} for ${silentMs} ms`),
    );
  }

  /** Says that this side ends the connection; requests that come later are refused. */
  goaway(reason: GoawayReason, message: string): void {
    if (this.goawaySent || this.closed) return;
    // User code may stop its server while its answer is being written.
    if (this.frames.isEncoding) return queueMicrotask(() => this.goaway(reason, message));
    this.goawaySent = true;
    this.frames.goaway(this.lastCallId, reason, message);
    this.link.commit();
    if (!this.isBusy) this.lingerThenClose();
  }

  /** Aborts what is in flight, tells the callers, and closes. */
  end(error: CellError): void {
    for (const call of this.calls.values()) this.refuseCall(call, error);
    this.link.close();
  }

  /** Calls back when the client has taken enough of what is queued for it; never when it goes away before. */
  whenWritable(callback: () => void): void {
    if (!this.closed) this.waiting.push(callback);
  }

  /** The call has left; when it was the last one of a connection that is being given up, so has the connection. */
  forget(call: ActiveCall, isError: boolean): void {
    this.calls.delete(call.id);
    this.server.onCallEnded(call, isError);
    if (this.goawaySent && !this.isBusy) this.lingerThenClose();
  }

  sendResponse(call: ActiveCall, value: unknown): void {
    try {
      this.frames.response(call, value);
    } catch (thrown) {
      return this.failCall(call, thrown);
    }
    this.finish(call, false);
  }

  /** Sends one item of a result stream; returns what it takes from the credit. Throws INTERNAL when it does not fit. */
  sendItem(call: ActiveCall, value: unknown): number {
    const cost = this.frames.item(call, value);
    this.commit();
    return cost;
  }

  sendEnd(call: ActiveCall): void {
    this.frames.end(call);
    this.finish(call, false);
  }

  /** Lets the caller send `bytes` more of its stream. */
  sendCredit(call: ActiveCall, bytes: number): void {
    if (this.frames.isEncoding) return queueMicrotask(() => this.sendCredit(call, bytes));
    this.frames.credit(call, bytes);
    this.commit();
  }

  /** Tells the caller that the handler reads no further items of its stream. */
  sendCancel(call: ActiveCall): void {
    if (this.frames.isEncoding) return queueMicrotask(() => this.sendCancel(call));
    if (call.isOver) return;
    this.frames.cancel(call);
    this.commit();
  }

  /** Answers with what the handler threw, and logs it with its stack when it is no answer of the handler's own choice. */
  failCall(call: ActiveCall, thrown: unknown): void {
    const error = handlerError(thrown);
    const isBug = error.code === "UNKNOWN" || error.code === "INTERNAL" || error.code === "DATA_LOSS";
    this.server.log({
      level: isBug ? "error" : "debug",
      message: `${call.method} failed: ${error.code}: ${error.message}`,
      method: call.method,
      error: thrown instanceof Error ? thrown : error,
    });
    this.frames.failure(call, error);
    this.finish(call, true);
  }

  /** Ends a call before its handler has: its handler learns it from its signal, its caller from the answer. */
  refuseCall(call: ActiveCall, reason: CellError): void {
    if (call.isOver) return;
    const error = call.hasStarted ? reason : notStarted(reason);
    this.frames.failure(call, error);
    call.abort(error);
    this.commit();
  }

  /** Answers a request that did not become a call. */
  private refuse(method: number, callId: number, error: CellError): void {
    this.frames.refusal(method, callId, error);
    this.commit();
  }

  private onHeard(): void {
    this.keepAlive.onFrame();
    if (this.handshakeTimer === undefined) return;
    clearTimeout(this.handshakeTimer);
    this.handshakeTimer = undefined;
  }

  private onRequest(frame: Frame): void {
    const { method, callId } = frame;
    if (this.calls.get(callId) !== undefined) {
      throw new CellError("INVALID_ARGUMENT", `call id ${callId} is in flight already`);
    }
    try {
      if (this.goawaySent) throw drainingError(this.server.schema.name);
      this.lastCallId = callId;
      if (this.access !== OPEN) this.checkAccess(method);
      if (method >= REFLECTION_FIRST) this.reflect(frame);
      else this.startCall(frame);
    } catch (thrown) {
      this.calls.get(callId)?.close(true);
      const error = thrown instanceof CellError ? thrown : new CellError("INTERNAL", (thrown as Error).message);
      if (error.code === "INTERNAL") {
        this.server.log({ level: "error", message: error.message, error: thrown as Error });
      }
      this.refuse(method, callId, error);
    }
  }

  /** Throws what the server has against the peer. */
  private checkAccess(method: number): void {
    const { peer } = this.link;
    if (this.access === undefined) {
      const refusal = this.server.authorize?.(peer);
      this.access = refusal === undefined ? OPEN : { refusal: notStarted(refusal) };
      if (refusal !== undefined) {
        this.server.log({ level: "warn", message: `${describePeer(peer)} is not answered: ${refusal.message}` });
      }
    }
    const { refusal } = this.access;
    if (refusal !== undefined && (method < REFLECTION_FIRST || peer.kind !== "process")) throw refusal;
  }

  private startCall(frame: Frame): void {
    const { server, metadata } = this;
    server.admit(this.calls.size);
    const argsStart = metadata.read(frame);
    const served = server.methodAt(frame.method);
    const { gene } = served;
    if (frame.low !== gene.low || frame.high !== gene.high) this.checkNegotiated(frame, served);
    served.admit();
    const args = served.codec.args.decode(frame.bytes, argsStart, frame.end);
    const { trace, service } = metadata;
    const limitMs = served.timeoutMs(metadata.deadlineMs);
    const isSwept = limitMs >= SWEPT_FROM_MS;
    const arrivedAt = isSwept ? served.arrival() : performance.now();
    const call = new ActiveCall(this, served, frame.callId, arrivedAt, limitMs, trace, service);
    if (!isSwept) call.fixDeadline(arrivedAt);
    this.calls.add(call);
    server.onCallStarted(call);
    this.keepAlive.onCall();
    call.begin(args);
  }

  private checkNegotiated({ low, high }: Frame, served: ServedMethod): void {
    const gene = this.negotiated.get(served.index);
    if (gene?.low === low && gene.high === high) return;
    const { name, method } = served;
    throw new CellError(
      "FAILED_PRECONDITION",
      `calling ${this.server.schema.name}.${name}: the caller was compiled against another signature; ` +
        `it has to ask whether the two are compatible`,
      { data: { started: false, reason: "gene", name, method, types: this.server.schema.types } },
    );
  }

  private reflect(frame: Frame): void {
    const argsStart = this.metadata.read(frame);
    const { reflection } = this.server;
    const answer = reflection.answer(frame.method, frame.bytes, argsStart, frame.end, this.negotiated);
    this.frames.reflection(frame, (writer) => reflection.encode(answer, writer));
    this.commit();
  }

  private onItem({ flags, callId, bytes, start, end }: Frame): void {
    const call = this.calls.get(callId);
    if (call === undefined) return;
    const { incoming, served } = call;
    if (incoming === undefined) {
      throw new CellError("INVALID_ARGUMENT", `${served.name} takes no stream, and an item came for call ${callId}`);
    }
    if (incoming.isOver) return;
    let value: unknown;
    try {
      value = served.codec.streamParam!.decode(bytes, start, end);
    } catch (thrown) {
      return this.refuseCall(call, thrown as CellError);
    }
    incoming.push(value, end - start);
    if ((flags & Flag.last) !== 0) incoming.end();
  }

  /** The last frame of a call is written. */
  private finish(call: ActiveCall, isError: boolean): void {
    call.close(isError);
    this.commit();
  }

  private sendPong(frame: Frame): void {
    this.frames.pong(frame);
    this.commit();
  }

  /** Sends what was written; a client that does not take its answers is not read from until it does. */
  private commit(): void {
    const { link } = this;
    link.commit();
    if (link.writable || this.paused || this.closed) return;
    this.paused = true;
    link.pause();
  }

  private onHandshakeTimeout(): void {
    const { handshakeMs } = this.server.limits;
    this.goaway("idle", `nothing was asked within ${handshakeMs} ms`);
    this.link.close();
  }

  /** A client that does not take its last answers yet is waited for: until the time for draining is up, or it stalls. */
  private lingerThenClose(): void {
    setTimeout(() => {
      if (this.closed) return;
      if (this.link.queuedBytes > 0) this.lingerThenClose();
      else this.link.close();
    }, GOAWAY_LINGER_MS);
  }
}

/** What a caller is told whose request came after the goaway. */
export function drainingError(service: string): CellError {
  return new CellError("UNAVAILABLE", `${service} is stopping and takes no further calls`, {
    data: { started: false },
  });
}
