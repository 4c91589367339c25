import { CellError } from "../base/mod.ts";
import { compileMethod, type Method, type MethodCodec, type Schema } from "../schema/mod.ts";
import { type Gene, geneOf } from "../wire/mod.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import { LatencySampler } from "./latency_sampler.ts";
import { DEFAULT_TIMEOUT_MS, type ServerLimits } from "./limits.ts";
import { MethodGate } from "./method_gate.ts";
import type { MethodStats } from "./reflection.ts";

/** Stands for the arrival of a call that is not timed. */
export const UNTIMED = 0;

/** The function behind a method. */
export interface Handler {
  fn: (...args: never[]) => unknown;
  /** `this` of the function. */
  self?: object;
  options?: HandlerOptions;
}

/** What a method's types cannot say. */
export interface HandlerOptions {
  idempotent?: boolean;
  /**
   * The longest a call may take. Without it a caller's deadline of any length counts, and a caller without one has 30
   * seconds; calls with streams have no limit then.
   */
  timeoutMs?: number;
  /** @default Infinity */
  maxConcurrency?: number;
}

/** One method of a server: its signature, its function, its counters. */
export class ServedMethod {
  readonly method: Method;
  readonly gene: Gene;
  /** Place of the stream parameter among the arguments; -1 without one. */
  readonly streamParam: number;
  /** Its calls may wait before their handler runs or go on when it has returned: all of them are timed. */
  private readonly mayWait: boolean;
  /** Only with `maxConcurrency`. */
  readonly gate: MethodGate | undefined;

  private readonly limitMs: number | undefined;
  private readonly defaultLimitMs: number;

  calls = 0;
  errors = 0;
  inFlight = 0;
  /** Calls whose caller has its answer while the handler still runs. */
  abandoned = 0;

  /** Of calls that are over when their handler returns. */
  private readonly sampler = new LatencySampler();
  private histogram: LatencyHistogram | undefined;
  private compiled: MethodCodec | undefined;

  constructor(
    private readonly schema: Schema,
    readonly name: string,
    readonly index: number,
    readonly handler: Handler,
    private readonly limits: ServerLimits,
  ) {
    this.method = schema.methods[name]!;
    this.gene = geneOf(this.method.gene);
    this.streamParam = this.method.params.findIndex(({ stream }) => stream === true);
    const { maxConcurrency = Infinity, timeoutMs } = handler.options ?? {};
    const hasStreams = this.streamParam !== -1 || this.method.resultStream === true;
    this.limitMs = timeoutMs;
    this.defaultLimitMs = timeoutMs ?? (hasStreams ? Infinity : DEFAULT_TIMEOUT_MS);
    this.mayWait = hasStreams || maxConcurrency !== Infinity;
    if (!(maxConcurrency >= 1)) {
      throw new CellError("INVALID_ARGUMENT", `${name}: maxConcurrency is at least 1, found ${maxConcurrency}`);
    }
    if (maxConcurrency !== Infinity) this.gate = new MethodGate(name, maxConcurrency, limits.queuedCallsMax);
  }

  /** Compiled by the first call. */
  get codec(): MethodCodec {
    return this.compiled ??= compileMethod(this.schema, this.name);
  }

  /** How long a call may take whose caller waits for `callerMs`; Infinity without a limit. */
  timeoutMs(callerMs: number | undefined): number {
    if (callerMs === undefined) return this.defaultLimitMs;
    return this.limitMs === undefined ? callerMs : Math.min(this.limitMs, callerMs);
  }

  /** Throws RESOURCE_EXHAUSTED when too many handlers run for nobody. */
  admit(): void {
    if (this.abandoned < this.limits.abandonedCallsMax) return;
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `calling ${this.name}: ${this.abandoned} calls of it were given up by their callers and still run`,
      { data: { started: false, limit: "abandonedCallsMax" } },
    );
  }

  /** When a call arrived that begins now, or `UNTIMED`. */
  arrival(): number {
    return this.mayWait || this.sampler.isNextTimed ? performance.now() : UNTIMED;
  }

  /** When a call arrived that was not to be timed and waits for something: about now. */
  lateArrival(): number {
    this.sampler.timeNext();
    return performance.now();
  }

  /** A call ended that was not timed. */
  passOver(): void {
    this.sampler.passOver();
  }

  /** A timed call ended; whether it had been over when its handler returned. */
  record(micros: number, wasAtOnce: boolean): void {
    this.histogram ??= new LatencyHistogram();
    this.histogram.record(micros, wasAtOnce ? this.sampler.take(micros) : 1);
  }

  stats(): MethodStats {
    const { calls, errors, inFlight, abandoned, histogram } = this;
    const micros = (share: number) => histogram?.percentileMicros(share) ?? 0;
    return {
      calls,
      errors,
      inFlight,
      abandoned,
      p50Micros: micros(0.5),
      p90Micros: micros(0.9),
      p99Micros: micros(0.99),
      maxMicros: histogram?.maxMicros ?? 0,
    };
  }
}
