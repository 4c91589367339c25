import { percentile } from "../harness/mod.ts";

/** A request to a load-generating program: a line of its stdin. */
export type LoadRequest = { calls: number } | { inFlight: number; durationMs: number };

/** What a load-generating program can do. */
export interface Load {
  /** Microseconds of each of `calls` calls, one after the other. */
  latenciesMicros(calls: number): Promise<Float64Array>;
  /** How many calls a second are answered with `inFlight` under way at any time. */
  callsPerSecond?(inFlight: number, durationMs: number): Promise<number>;
}

/** Says that it is ready, then answers requests until stdin ends. */
export async function answerRequests(load: Load): Promise<void> {
  console.log(JSON.stringify({ ready: true }));
  for await (const line of console) {
    if (line === "") continue;
    const request: LoadRequest = JSON.parse(line);
    if ("calls" in request) {
      const micros = await load.latenciesMicros(request.calls);
      console.log(
        JSON.stringify({ p50Micros: percentile([...micros], 0.5), p99Micros: percentile([...micros], 0.99) }),
      );
    } else if (load.callsPerSecond !== undefined) {
      console.log(JSON.stringify({ callsPerSecond: await load.callsPerSecond(request.inFlight, request.durationMs) }));
    }
  }
}
