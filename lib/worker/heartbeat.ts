import { toCellError } from "../base/mod.ts";
import type { LogFile } from "../logs/mod.ts";
import type { RunningService } from "../service/mod.ts";
import { AgentLink } from "./agent_link.ts";
import { LoadMeter } from "./load_meter.ts";
import type { WorkerArguments } from "./worker_arguments.ts";

/** After so many heartbeats without a call in between the memory that they left is given back: 2 ms in 5 minutes. */
const TIDY_BEATS = 60;

/** The reports of an instance to the agent. */
export interface Heartbeat {
  stop(): void;
}

/**
 * Registers with the agent and reports the load in every interval that it asks for. Without an agent it looks for one as
 * often. The timer keeps no process alive.
 */
export function startHeartbeat(service: RunningService, worker: WorkerArguments, log: LogFile): Heartbeat {
  const beat = new Beat(service, worker, log);
  beat.start();
  return beat;
}

class Beat implements Heartbeat {
  readonly #meter = new LoadMeter();
  readonly #agent: AgentLink;
  #timer: Timer | undefined;
  #dueAt = 0;
  /** The latest beat since the last one that was told: one that finds a report under way tells nothing itself. */
  #lateMsMax = 0;
  #isStopped = false;
  /** The problem that was logged last: it is told once, not in every interval. */
  #told = "";
  #beats = 0;
  #callsBefore = 0;

  constructor(private readonly service: RunningService, worker: WorkerArguments, private readonly log: LogFile) {
    this.#agent = new AgentLink(worker, service.schema.species);
  }

  start(): void {
    void this.#report(0);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#agent.close();
  }

  async #report(lateMs: number): Promise<void> {
    // What children print goes past the log's own count.
    this.log.checkSize();
    // The next one does not wait for an answer that may never come.
    this.#schedule();
    this.#lateMsMax = Math.max(this.#lateMsMax, lateMs);
    if (this.#agent.isReporting) return;
    const load = this.#meter.measure(this.service.stats(), this.#lateMsMax);
    this.#lateMsMax = 0;
    this.#tidy(load.calls);
    const { heartbeatMs } = this.#agent;
    const problem = await this.#agent.report(load).then(() => undefined, toCellError);
    if (this.#agent.heartbeatMs !== heartbeatMs) this.#schedule();
    if (problem === undefined || this.#isStopped || problem.message === this.#told) return;
    this.#told = problem.message;
    this.log.line("system", `reporting to the nucleus: ${problem.message}`);
  }

  /**
   * The runtime collects garbage when there is much of it, which takes hours with nothing but heartbeats: an idle instance
   * collects it itself, or hundreds of them would keep megabytes of it each.
   */
  #tidy(calls: number): void {
    this.#beats++;
    if (this.#beats % TIDY_BEATS !== 0) return;
    if (calls === this.#callsBefore) Bun.gc(true);
    this.#callsBefore = calls;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    const { heartbeatMs } = this.#agent;
    this.#dueAt = performance.now() + heartbeatMs;
    this.#timer = setTimeout(() => void this.#report(performance.now() - this.#dueAt), heartbeatMs);
    this.#timer.unref();
  }
}
