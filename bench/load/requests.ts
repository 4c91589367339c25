import { createInterface } from "node:readline";

/** A request to a load-generating program: a line of its stdin. */
export type LoadRequest =
  /** Calls, one after the other; with `pauseMs`, nothing happens for so long before each. */
  | { calls: number; pauseMs?: number }
  /** As many calls as go in the time, `inFlight` under way at any moment. */
  | { inFlight: number; durationMs: number };

/** What a program answers. `transport`: what its calls took, where there is a choice. */
export type LoadAnswer = (LatencyAnswer | RateAnswer) & { transport?: string };

/** The answer to a request for single calls. */
export interface LatencyAnswer {
  p50Micros: number;
  p99Micros: number;
}

/** The answer to a request for many calls at once. */
export interface RateAnswer {
  callsPerSecond: number;
}

/** What a load-generating program can do. */
export interface Load {
  /** Microseconds of each of `calls` calls, one after the other. */
  latenciesMicros(calls: number, pauseMs?: number): Promise<Float64Array>;
  /** How many calls a second are answered with `inFlight` under way at any time. */
  callsPerSecond?(inFlight: number, durationMs: number): Promise<number>;
  /** What carries the calls now. */
  transport?(): string | undefined;
}

/** Says that it is ready, then answers requests until stdin ends. */
export async function answerRequests(load: Load): Promise<void> {
  const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "") answer({ ...(await figures(load, JSON.parse(line))), transport: load.transport?.() });
  }
}

async function figures(load: Load, request: LoadRequest): Promise<LatencyAnswer | RateAnswer> {
  if ("calls" in request) return quantiles(await load.latenciesMicros(request.calls, request.pauseMs));
  if (load.callsPerSecond === undefined) throw new Error("this program makes one call after the other only");
  return { callsPerSecond: await load.callsPerSecond(request.inFlight, request.durationMs) };
}

function quantiles(micros: Float64Array): LatencyAnswer {
  const sorted = micros.sort();
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { p50Micros: quantile(0.5), p99Micros: quantile(0.99) };
}
