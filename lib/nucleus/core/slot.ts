import { SECOND } from "../../base/mod.ts";
import { backoffMs } from "./backoff.ts";
import { CRASH_LOOP_RETRY_MS, failuresAfter, isCrashLoop } from "./crash_loop.ts";
import type { InstanceId } from "./effect.ts";
import type { CallCounts } from "./error_rate.ts";
import type { CoreOptions } from "./options.ts";
import { Pulse } from "./pulse.ts";
import type { SlotPhase } from "./slot_phase.ts";
import type { Turn } from "./turn.ts";
import type { LoadReport } from "./view.ts";

/** A process that SIGKILL has not ended waits in the kernel for a disk or a network; it is tried again this often. */
export const KILL_RETRY_MS = 5 * SECOND;

/**
 * After so many attempts to make a process, a second or so, whoever waits for it is told that it does not come: it is tried
 * on, but a command that waits for what may take for ever is of no use to a script.
 */
export const SPAWN_FAILURES_TOLD = 4;
/**
 * When the time for a start is over, what the process may have said by then is heard before it is judged: an agent that was
 * suspended until just before finds the time over first and the message after that.
 */
export const LAST_LOOK_MS = 1 * SECOND;

const NONE: CallCounts = { calls: 0, errors: 0 };

/** One numbered place for one process of a service. It changes itself only; what the others do is its service's business. */
export class Slot {
  phase: SlotPhase = "waiting";
  /** When this phase began. */
  since: number;
  /** While waiting: not before this. */
  startAt: number;
  pid: number | undefined;
  species = "";
  upSince: number | undefined;
  restarts = 0;
  /** Why it is as it is. */
  reason: string | undefined;
  load: LoadReport | undefined;
  /** Its process goes for good. */
  isLeaving = false;
  /** A rolling restart shall replace it. */
  isStale = false;
  /** Its process was found, not started. */
  isAdopted = false;
  /** Nothing has been called since. */
  idleSince: number;
  /** It has said what it has answered since it was asked last. */
  hasReported = false;
  /** Quick ones, in a row. */
  failures = 0;
  #spawnFailures = 0;
  #lastLookAt: number | undefined;
  #startedAt: number;
  #hasStarted = false;
  #pulse: Pulse;
  #observedFrom: CallCounts = NONE;

  constructor(readonly id: InstanceId, readonly release: number, now: number) {
    this.since = now;
    this.startAt = now;
    this.idleSince = now;
    this.#startedAt = now;
    this.#pulse = new Pulse(now);
  }

  /** Whether there is a process, or will be at any moment. */
  get hasProcess(): boolean {
    return this.phase !== "waiting" && this.phase !== "crash-looping";
  }

  /** Whether it answers calls and shall go on to. */
  get isUp(): boolean {
    return this.phase === "up" && !this.isLeaving;
  }

  /** Whether it takes a place at the start gate. What was found does not: it is no new process. */
  get isStarting(): boolean {
    return (this.phase === "spawning" || this.phase === "starting") && !this.isAdopted;
  }

  /** Whether it is on its way up and nothing has gone wrong so far. */
  get isPromising(): boolean {
    const isOnItsWay = this.phase === "waiting" || this.phase === "spawning" || this.phase === "starting";
    return isOnItsWay && this.failures === 0 && this.#spawnFailures === 0;
  }

  spawn(now: number): void {
    if (this.#hasStarted) this.restarts++;
    this.#hasStarted = true;
    this.#startedAt = now;
    this.isAdopted = false;
    this.#enter("spawning", now);
  }

  /** A process that somebody else started, which may be up or on its way. */
  adopt(pid: number, species: string, now: number): void {
    this.#hasStarted = true;
    this.#startedAt = now;
    this.isAdopted = true;
    this.species = species;
    this.begin(pid, now);
  }

  /** There is a process. */
  begin(pid: number, now: number): void {
    this.pid = pid;
    this.#spawnFailures = 0;
    this.#enter("starting", now);
  }

  /** It serves. */
  serve(species: string | undefined, now: number): void {
    if (species !== undefined) this.species = species;
    this.upSince = now;
    this.idleSince = now;
    this.reason = undefined;
    this.#pulse = new Pulse(now);
    this.#enter("up", now);
  }

  /** The time for its start is over: false when it is to be looked at once more. */
  hasMissedStart(now: number): boolean {
    if (this.#lastLookAt !== undefined) return true;
    this.#lastLookAt = now + LAST_LOOK_MS;
    return false;
  }

  drain(now: number): void {
    this.isLeaving = true;
    this.#enter("draining", now);
  }

  kill(reason: string, now: number): void {
    this.reason = reason;
    this.#enter("killing", now);
  }

  /** Its process is gone against its will: says when the next one may start. */
  fail(reason: string, { now, random }: Turn): void {
    this.reason = reason;
    this.failures = failuresAfter(this.failures, now - this.#startedAt);
    if (isCrashLoop(this.failures)) this.#enter("crash-looping", now);
    else this.#wait(backoffMs(Math.max(1, this.failures), random()), now);
  }

  /**
   * There was no process. That is the machine's fault, not the code's (no memory, no pids, no disk), and passes without
   * anybody's doing: it is tried again and again, ever less often.
   */
  failSpawn(reason: string, { now, random }: Turn): void {
    this.reason = reason;
    this.#spawnFailures++;
    this.#wait(backoffMs(this.#spawnFailures, random()), now);
  }

  /** Why it will not be up soon, if so: it is given up, or the machine cannot start it. */
  get complaint(): string | undefined {
    if (this.phase === "crash-looping") return `is crash-looping: ${this.reason}`;
    return this.phase === "waiting" && this.#spawnFailures >= SPAWN_FAILURES_TOLD ? this.reason : undefined;
  }

  /** Tries at once; one more failure, and it is given up again. */
  retry(now: number): void {
    this.#wait(0, now);
  }

  /** Forgets failures and tries at once. */
  revive(now: number): void {
    this.failures = 0;
    this.#spawnFailures = 0;
    this.reason = undefined;
    this.#wait(0, now);
  }

  onHeartbeat(load: LoadReport, { now, options }: Turn): void {
    this.#onLoad(load, now);
    this.#pulse.onHeartbeat(now);
    if (this.phase !== "up") return;
    const isLate = load.eventLoopLagMs > options.eventLoopLagMsMax;
    this.reason = isLate ? `its event loop was blocked for ${Math.round(load.eventLoopLagMs)} ms` : undefined;
  }

  onPingAnswered(counts: CallCounts, now: number): void {
    const { inFlight, eventLoopLagMs } = this.load ?? { inFlight: 0, eventLoopLagMs: 0 };
    this.#onLoad({ inFlight, eventLoopLagMs, ...counts }, now);
    this.#pulse.onPingAnswered(now);
  }

  onPingFailed(): void {
    this.#pulse.onPingFailed();
  }

  /** What the time that has passed means for an instance that is up. */
  examine({ now, options }: Turn): "well" | "ping" | "hung" {
    const finding = this.#pulse.examine(now, options);
    if (finding === "ping") this.reason = `no heartbeat for ${Math.round(this.#pulse.silentMs(now) / SECOND)} s`;
    return finding;
  }

  /** How long it had had nothing to do when it last reported. */
  idleMs(): number {
    return this.isUp && this.load !== undefined ? this.#pulse.heartbeatAt - this.idleSince : 0;
  }

  /** Counts calls anew, for a comparison of releases. */
  observe(): void {
    this.#observedFrom = this.load ?? NONE;
  }

  /** Calls since `observe`. */
  observed(): CallCounts {
    const { calls, errors } = this.load ?? NONE;
    return { calls: calls - this.#observedFrom.calls, errors: errors - this.#observedFrom.errors };
  }

  /** When time alone changes something; Infinity when it does not. */
  deadlineAt(options: CoreOptions): number {
    switch (this.phase) {
      case "waiting":
        return this.startAt;
      case "starting":
        return this.#lastLookAt ?? this.since + options.startTimeoutMs;
      case "up":
        return this.#pulse.nextAt(options);
      case "draining":
        return this.since + options.drainTimeoutMs;
      case "killing":
        return this.since + KILL_RETRY_MS;
      case "crash-looping":
        return this.since + CRASH_LOOP_RETRY_MS;
      case "spawning":
        return Infinity;
    }
  }

  /** Leaves out a time in which nobody could listen. */
  postpone(lostMs: number): void {
    if (this.hasProcess) this.since += lostMs;
    if (this.#lastLookAt !== undefined) this.#lastLookAt += lostMs;
    this.#pulse.postpone(lostMs);
  }

  #onLoad(load: LoadReport, now: number): void {
    const hasWorked = load.inFlight > 0 || load.calls !== (this.load?.calls ?? 0);
    if (hasWorked) this.idleSince = now;
    this.load = load;
    this.hasReported = true;
  }

  #wait(delayMs: number, now: number): void {
    this.startAt = now + delayMs;
    this.#enter("waiting", now);
  }

  #enter(phase: SlotPhase, now: number): void {
    this.phase = phase;
    this.since = now;
    this.#lastLookAt = undefined;
    if (phase !== "up" && phase !== "draining" && phase !== "killing") {
      this.upSince = undefined;
      this.load = undefined;
      this.#observedFrom = NONE;
    }
    if (!this.hasProcess) this.pid = undefined;
  }
}
