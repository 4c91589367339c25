import { CellError } from "../base/mod.ts";
import type { Link, Peer } from "../net/mod.ts";
import type { Schema } from "../schema/mod.ts";
import type { ActiveCall } from "./active_call.ts";
import { DeadlineQueue } from "./deadline_queue.ts";
import { DeadlineSweep, UNFIXED } from "./deadline_sweep.ts";
import { type ServerLimits, validateLimits } from "./limits.ts";
import { type LoadReport, REFLECTION_FIRST, type ServerStats } from "./reflection.ts";
import { type Handler, ServedMethod, UNTIMED } from "./served_method.ts";
import { drainingError, ServerConnection } from "./server_connection.ts";
import { ServerReflection } from "./server_reflection.ts";

/** Weight of one timed call in the moving average of latencies: 1/16. */
const LATENCY_WEIGHT = 1 / 16;

/** What the header's field for the latency holds. */
const LATENCY_MICROS_MAX = 0xffffffff;

/** Something that the service's log should hold. */
export interface ServerLogEntry {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  method?: string;
  /** With the stack of where it was thrown. */
  error?: Error;
}

/** What a server serves. */
export interface ServerOptions {
  schema: Schema;
  /** By method name; every method of the schema has one. */
  handlers: Record<string, Handler>;
  /** This process's name among the service's instances. */
  instance: string;
  limits?: Partial<ServerLimits>;
  log?: (entry: ServerLogEntry) => void;
  /**
   * Says what speaks against answering a peer: asked at the first request of a connection, and its answer holds for all of
   * them. What every server answers about itself is answered to processes of this machine all the same, so that whoever
   * operates it sees it. @default everybody is answered
   */
  authorize?: (peer: Peer) => CellError | undefined;
}

/** Answers calls on any number of links. */
export interface RpcServer {
  /** Takes over a link that was just made. */
  accept(link: Link): void;
  /**
   * Refuses new calls in a way that callers may retry elsewhere, lets running ones finish for `graceMs`, aborts the rest
   * and closes every link.
   */
  drain(graceMs: number): Promise<void>;
  stats(): ServerStats;
  readonly draining: boolean;
}

/** Makes a server; nothing is listened on: `accept` takes links. Throws when a method of the schema has no handler. */
export function createServer(options: ServerOptions): RpcServer {
  return new Server(options);
}

/** What the connections of a server share. */
export class Server implements RpcServer, LoadReport {
  readonly schema: Schema;
  readonly instance: string;
  readonly limits: ServerLimits;
  readonly log: (entry: ServerLogEntry) => void;
  readonly authorize: ServerOptions["authorize"];
  readonly startedAt = Date.now();
  readonly deadlines = new DeadlineQueue();
  private readonly sweep = new DeadlineSweep(this.deadlines, () => this.callsInFlight());
  readonly reflection = new ServerReflection(this);
  draining = false;
  inFlight = 0;
  latencyMicros = 0;

  /** By index. */
  private readonly methods: ServedMethod[];
  private readonly connections = new Set<ServerConnection>();
  private calls = 0;
  private errors = 0;
  private onAllClosed: (() => void) | undefined;

  constructor({ schema, handlers, instance, limits, log, authorize }: ServerOptions) {
    this.schema = schema;
    this.instance = instance;
    this.limits = validateLimits(limits);
    this.log = log === undefined ? () => {} : unfailing(log);
    this.authorize = authorize;
    this.methods = Object.keys(schema.methods).sort().map((name, index) => {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (handler === undefined) {
        throw new CellError("INVALID_ARGUMENT", `serving ${schema.name}: its method ${name} has no handler`);
      }
      return new ServedMethod(schema, name, index, handler, this.limits);
    });
  }

  accept(link: Link): void {
    const { connectionsMax, messageBytesMax } = this.limits;
    const connection = new ServerConnection(this, link);
    const isFull = this.connections.size >= connectionsMax && !this.makeRoom();
    this.connections.add(connection);
    link.start(connection, messageBytesMax);
    if (this.draining) connection.goaway("draining", drainingError(this.schema.name).message);
    else if (isFull) {
      connection.goaway(
        "limit",
        `${this.schema.name} has ${connectionsMax} busy connections, its limit connectionsMax`,
      );
      link.close();
    }
  }

  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onAllClosed = resolve;
    const error = new CellError("UNAVAILABLE", `${this.schema.name} stopped before the call was done`);
    const timer = setTimeout(() => {
      for (const connection of [...this.connections]) connection.end(error);
    }, graceMs);
    for (const connection of [...this.connections]) {
      connection.goaway("draining", drainingError(this.schema.name).message);
    }
    await promise;
    clearTimeout(timer);
  }

  stats(): ServerStats {
    const { schema, instance, startedAt, connections, inFlight, calls, errors, draining, methods } = this;
    return {
      service: schema.name,
      instance,
      uptimeMs: Date.now() - startedAt,
      connections: connections.size,
      inFlight,
      calls,
      errors,
      draining,
      methods: Object.fromEntries(methods.map((served) => [served.name, served.stats()])),
    };
  }

  /** Throws RESOURCE_EXHAUSTED when a connection with `connectionCalls` in flight may not have one more. */
  admit(connectionCalls: number): void {
    const { connectionCallsMax, callsMax } = this.limits;
    const limit = connectionCalls >= connectionCallsMax
      ? "connectionCallsMax"
      : this.inFlight >= callsMax
      ? "callsMax"
      : undefined;
    if (limit === undefined) return;
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `calling ${this.schema.name}: ${this.limits[limit]} calls are in flight, its limit ${limit}`,
      { retryable: true, data: { started: false, limit } },
    );
  }

  methodAt(index: number): ServedMethod {
    const served = this.methods[index];
    if (served !== undefined) return served;
    throw new CellError(
      "NOT_FOUND",
      `calling method ${index} of ${this.schema.name}: it has ${this.methods.length}, from 0 on`,
      { data: { started: false } },
    );
  }

  methodNamed(name: string): ServedMethod | undefined {
    return this.methods.find((served) => served.name === name);
  }

  /** A method's name for a message, whatever the index. */
  describe(index: number): string {
    const served = this.methods[index];
    if (served !== undefined) return `${this.schema.name}.${served.name}`;
    return index >= REFLECTION_FIRST ? "a reserved method" : `method ${index} of ${this.schema.name}`;
  }

  onCallStarted(call: ActiveCall): void {
    const { served } = call;
    this.calls++;
    this.inFlight++;
    served.calls++;
    served.inFlight++;
    if (call.fixedAt === UNFIXED) this.sweep.onCall();
    else this.deadlines.add(call, call.arrivedAt);
  }

  /** A call has its last answer, or nobody waits for one any more. */
  onCallEnded(call: ActiveCall, isError: boolean): void {
    const { served, arrivedAt } = call;
    this.inFlight--;
    served.inFlight--;
    if (isError) {
      this.errors++;
      served.errors++;
    }
    if (arrivedAt === UNTIMED) served.passOver();
    else {
      const micros = Math.min((performance.now() - arrivedAt) * 1000, LATENCY_MICROS_MAX);
      this.latencyMicros += (micros - this.latencyMicros) * LATENCY_WEIGHT;
      served.record(micros, !call.hasWaited);
    }
    if (call.queueEntry !== undefined) this.deadlines.remove(call);
  }

  onConnectionClosed(connection: ServerConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.onAllClosed?.();
  }

  private *callsInFlight(): Generator<ActiveCall> {
    for (const connection of this.connections) yield* connection.callsInFlight();
  }

  /** Sends the oldest connection that has nothing in flight away; false when all of them are busy. */
  private makeRoom(): boolean {
    for (const connection of this.connections) {
      if (connection.isBusy || connection.isLeaving) continue;
      connection.goaway("idle", `${this.schema.name} needs room for another connection`);
      connection.link.close();
      return true;
    }
    return false;
  }
}

/** A log entry shows what user code threw, and that may throw when it is looked at: no call may hang because of it. */
function unfailing(log: (entry: ServerLogEntry) => void): (entry: ServerLogEntry) => void {
  return (entry) => {
    try {
      log(entry);
    } catch {
      log({ level: entry.level, message: entry.message });
    }
  };
}
