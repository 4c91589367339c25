import type { CallCounts } from "../error_rate.ts";
import { SECOND } from "../../../base/mod.ts";
import type { Chance, Timeline } from "../../../sim/mod.ts";
import type { ExitStatus, InstanceId } from "../effect.ts";
import type { LoadReport } from "../view.ts";

/** How badly the world behaves. */
export interface World {
  /** Whether anything goes wrong that has not been decided yet. */
  isDisturbed: boolean;
  readonly time: Timeline;
  readonly chance: Chance;
  /** Every start of this release fails. */
  isBroken(release: number): boolean;
  /** The calls of this release fail. */
  isErring(release: number): boolean;
  /** Callers keep this service busy. */
  isBusy(service: string): boolean;
}

/** What a process tells the agent; nobody may listen. */
export interface Listener {
  onServing(process: FakeProcess): void;
  onBeat(process: FakeProcess): void;
  onEnd(process: FakeProcess, status: ExitStatus): void;
}

const HEARTBEAT_MS = 5 * SECOND;

/** A worker as the agent sees it from outside: it starts, beats, drains, or does none of that. */
export class FakeProcess {
  state: "loading" | "serving" | "hung" | "draining" | "dead" = "loading";
  /** The agent has heard that it serves. */
  isKnown = false;
  /** Under which agent it began to drain. */
  drainedBy: number | undefined;
  /** It was told to end, or is being killed. */
  isEnding = false;
  #calls = 0;
  #errors = 0;
  readonly #ignoresDrain: boolean;

  constructor(
    readonly id: InstanceId,
    readonly pid: number,
    readonly release: number,
    /** Of the agent that started it. */
    readonly agent: number,
    private readonly world: World,
    private readonly listener: Listener,
  ) {
    const { chance, time, isDisturbed } = world;
    this.#ignoresDrain = isDisturbed && chance.isOne(0.1);
    const isSlow = isDisturbed && chance.isOne(0.1);
    const loadMs = chance.whole(5, isSlow ? 25_000 : 500);
    if (world.isBroken(release)) {
      const isSilent = chance.isOne(0.2);
      if (!isSilent) time.after(loadMs, () => this.end({ code: 1, signal: null }));
      return;
    }
    if (isDisturbed && chance.isOne(0.05)) return; // never registers
    if (isDisturbed && chance.isOne(0.1)) time.after(loadMs, () => this.#disturb(() => this.#crash()));
    time.after(loadMs, () => this.#serve());
  }

  get isAlive(): boolean {
    return this.state !== "dead";
  }

  /** Whether it answers calls, as far as the agent is to blame. */
  get answers(): boolean {
    return this.state === "serving";
  }

  /** What it has answered since it started. */
  get counts(): CallCounts {
    return { calls: this.#calls, errors: this.#errors };
  }

  load(): LoadReport {
    const { chance } = this.world;
    const lag = this.world.isDisturbed && chance.isOne(0.05) ? 3 * SECOND : 1;
    return { inFlight: 0, ...this.counts, eventLoopLagMs: lag };
  }

  /** SIGTERM. */
  drain(agent: number): void {
    if (!this.isAlive) return;
    this.isEnding = true;
    this.drainedBy ??= agent;
    if (this.state === "hung" || this.#ignoresDrain) {
      if (this.state === "serving" || this.state === "loading") this.state = "draining";
      return;
    }
    this.state = "draining";
    this.world.time.after(this.world.chance.whole(1, 2_000), () => this.end({ code: 0, signal: null }));
  }

  /** SIGKILL; sometimes the kernel takes its time. */
  kill(): void {
    this.isEnding = true;
    const { chance, time, isDisturbed } = this.world;
    const delayMs = isDisturbed && chance.isOne(0.05) ? 8 * SECOND : 1;
    time.after(delayMs, () => this.end({ code: null, signal: "SIGKILL" }));
  }

  end(status: ExitStatus): void {
    if (!this.isAlive) return;
    this.state = "dead";
    this.listener.onEnd(this, status);
  }

  #serve(): void {
    if (this.state !== "loading") return;
    this.state = "serving";
    this.listener.onServing(this);
    this.world.time.after(HEARTBEAT_MS, () => this.#beat());
    if (this.world.chance.isOne(0.15)) {
      const fate = this.world.chance.isOne(0.6) ? () => this.#crash() : () => this.#hang();
      this.world.time.after(this.world.chance.whole(1, 60_000), () => this.#disturb(fate));
    }
  }

  #beat(): void {
    if (this.state === "dead" || this.state === "hung") return;
    if (this.world.isBusy(this.id.service)) {
      this.#calls += 7;
      if (this.world.isErring(this.release)) this.#errors += 5;
    }
    this.listener.onBeat(this);
    this.world.time.after(HEARTBEAT_MS + this.world.chance.whole(0, 20), () => this.#beat());
  }

  #disturb(fate: () => void): void {
    if (this.world.isDisturbed) fate();
  }

  #crash(): void {
    this.end({ code: this.world.chance.whole(0, 2), signal: null });
  }

  #hang(): void {
    if (this.state === "serving") this.state = "hung";
  }
}
