import { CellError, MS, SECOND, toCellError } from "../base/mod.ts";
import { Histogram } from "./histogram.ts";

/** What is measured before counting starts is thrown away: connections are made and code gets compiled. */
const WARM_UP_SHARE = 0.2;
const WARM_UP_MS_MIN = 100 * MS;
const WARM_UP_MS_MAX = 1 * SECOND;
/** A method that fails this often from the start is broken, not slow. */
const ERRORS_IN_A_ROW_MAX = 100;
/** When every caller's last call failed and nothing was answered for this share of the time, the service is gone. */
const SILENT_SHARE_MIN = 0.1;

/** How to load a method. */
export interface LoadOptions {
  /** Callers that each wait for their answer. */
  concurrency: number;
  durationMs: number;
  /** Makes one call and waits for its answer. What it does beside that is measured, too. */
  call: () => Promise<unknown>;
  /** Called once, between the warm-up and what counts. */
  onWarm?: () => Promise<void> | void;
  /** A clock in milliseconds. @default performance.now */
  now?: () => number;
}

/** How a method held up under load. Latencies are those of calls that succeeded. */
export interface LoadResult {
  concurrency: number;
  durationMs: number;
  calls: number;
  errors: number;
  /** The message of the first call that failed. */
  firstError?: string;
  /** How long calls were answered, where all that came later failed: what is per second is of this time. */
  answeredMs?: number;
  callsPerSecond: number;
  meanMicros: number;
  p50Micros: number;
  p90Micros: number;
  p99Micros: number;
  p999Micros: number;
  maxMicros: number;
}

/** Calls for `durationMs` from `concurrency` callers. Throws the error of a method that only fails. */
export async function measureLoad(options: LoadOptions): Promise<LoadResult> {
  if (!(Number.isInteger(options.concurrency) && options.concurrency > 0)) {
    throw new CellError("INVALID_ARGUMENT", `expected a whole number of callers, found ${options.concurrency}`);
  }
  const warmUpMs = Math.max(options.durationMs * WARM_UP_SHARE, WARM_UP_MS_MIN);
  await run(options, Math.min(warmUpMs, WARM_UP_MS_MAX));
  await options.onWarm?.();
  return await run(options, options.durationMs);
}

async function run(
  { concurrency, call, now = () => performance.now() }: LoadOptions,
  durationMs: number,
): Promise<LoadResult> {
  const histogram = new Histogram();
  let errors = 0;
  let errorsInARow = 0;
  let firstError: CellError | undefined;
  const started = now();
  const end = started + durationMs;
  let lastAnsweredAt = started;
  // The end of one call is the beginning of the next one: the clock takes longer to read than a latency to record.
  const caller = async (): Promise<void> => {
    for (let asked = now(); asked < end;) {
      try {
        await call();
        const answered = now();
        histogram.record((answered - asked) * 1000);
        asked = lastAnsweredAt = answered;
        errorsInARow = 0;
      } catch (error) {
        asked = now();
        errors++;
        firstError ??= toCellError(error);
        if (++errorsInARow >= ERRORS_IN_A_ROW_MAX && histogram.count === 0) throw firstError;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const elapsedMs = now() - started;
  if (histogram.count === 0 && firstError !== undefined) throw firstError;
  const answeredMs = lastAnsweredAt - started;
  const isGone = errorsInARow >= concurrency && elapsedMs - answeredMs > SILENT_SHARE_MIN * elapsedMs;
  return {
    concurrency,
    durationMs: elapsedMs,
    calls: histogram.count,
    errors,
    ...(firstError === undefined ? {} : { firstError: firstError.message }),
    ...(isGone ? { answeredMs } : {}),
    callsPerSecond: (histogram.count / (isGone ? answeredMs : elapsedMs)) * SECOND,
    meanMicros: histogram.meanMicros,
    p50Micros: histogram.percentile(0.5),
    p90Micros: histogram.percentile(0.9),
    p99Micros: histogram.percentile(0.99),
    p999Micros: histogram.percentile(0.999),
    maxMicros: histogram.maxMicros,
  };
}
