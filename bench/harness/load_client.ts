import { CellError } from "../../lib/base/mod.ts";
import type { LatencyAnswer, LoadAnswer, LoadRequest, RateAnswer } from "../load/requests.ts";
import type { Program } from "./program.ts";

/** A program of `load/`, `floor/` or `peers/` that makes calls and measures them. */
export class LoadClient {
  /** What carried the calls of the last answer; undefined where there is no choice. */
  transport: string | undefined;

  constructor(readonly program: Program) {}

  /** Makes `calls` calls, one after the other; with `pauseMs`, nothing happens for so long before each. */
  async latency(calls: number, pauseMs?: number): Promise<LatencyAnswer> {
    return await this.ask({ calls, ...(pauseMs === undefined ? {} : { pauseMs }) }) as LatencyAnswer;
  }

  /** Makes calls for a time, `inFlight` under way at any moment. */
  async callsPerSecond(inFlight: number, durationMs: number): Promise<number> {
    return (await this.ask({ inFlight, durationMs }) as RateAnswer).callsPerSecond;
  }

  /** Throws when the last calls went over anything but `transport`: the figures would be about something else. */
  assertTransport(transport: "uds" | "shm"): void {
    if (this.transport === transport) return;
    throw new CellError(
      "FAILED_PRECONDITION",
      `expected calls over the transport "${transport}", found ${JSON.stringify(this.transport)}`,
    );
  }

  private async ask(request: LoadRequest): Promise<LoadAnswer> {
    const answer = await this.program.ask(request) as LoadAnswer;
    this.transport = answer.transport;
    return answer;
  }
}
