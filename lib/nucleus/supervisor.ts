import { join } from "node:path";
import { CellError, SECOND, toCellError } from "../base/mod.ts";
import { appendSystemLine, removeLogs } from "../logs/mod.ts";
import { formatInstanceId, runDirectory } from "../service/mod.ts";
import { Activations, type Availability } from "./activation.ts";
import type { InstanceLoad } from "./client/mod.ts";
import { type Effect, type ExitStatus, type InstanceId, type ServiceSpec, SupervisorCore } from "./core/mod.ts";
import { failureError } from "./failure.ts";
import { Followers } from "./followers.ts";
import { ping, Processes } from "./process/mod.ts";
import type { StateStore, StoredService } from "./state/mod.ts";

/** What could not be written, because the disk is full, is tried again after this time. */
const STORE_RETRY_MS = 5 * SECOND;
/** Timers of the runtime hold no longer time; the core is asked again then. */
const TIMER_MS_MAX = 60 * SECOND;

/** What the supervisor works with. */
export interface SupervisorOptions {
  readonly store: StateStore;
  readonly workerCommand: readonly string[];
  readonly heartbeatMs: number;
  log(line: string): void;
}

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

/**
 * Connects the core, which decides, with processes, clock and store: what happens goes in, what the core wants is done.
 * One timer, one queue of effects: nothing is done while the core is being asked.
 */
export class Supervisor {
  readonly core: SupervisorCore;
  readonly processes: Processes;
  readonly activations = new Activations();
  readonly followers = new Followers();
  /** What the store says, by name. */
  readonly services = new Map<string, StoredService>();
  /** Why the last candidate of a service was given up, until something else is asked for. */
  readonly #failures = new Map<string, string>();
  /** Services of which an instance has answered since this program began. */
  readonly #served = new Set<string>();
  /** Full reports of the last heartbeats, by pid. */
  readonly #loads = new Map<number, InstanceLoad>();
  /** How often instances were started again, as it is stored. */
  readonly #restarts = new Map<string, number>();
  readonly #queue: Effect[] = [];
  #isApplying = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onAllEnded: (() => void) | undefined;

  constructor(private readonly options: SupervisorOptions) {
    this.core = new SupervisorCore({ heartbeatMs: options.heartbeatMs }, Math.random);
    this.processes = new Processes({
      workerCommand: options.workerCommand,
      onExit: (id, pid, status) => this.#onExit(id, pid, status),
    });
  }

  /** The monotonic clock: what the wall clock does is of no interest here. */
  now(): number {
    return performance.now();
  }

  /** Knows of a service before anything is done for it. */
  remember(service: StoredService): void {
    const { name } = service;
    this.services.set(name, service);
    const restarts = this.options.store.restarts(name);
    for (const [number, count] of restarts) this.#restarts.set(formatInstanceId({ service: name, number }), count);
    this.core.setRestarts(name, restarts);
  }

  /** Takes what the store says of a service for what is wanted from now on. */
  load(service: StoredService): void {
    this.services.set(service.name, service);
    this.#failures.delete(service.name);
    this.apply(this.core.setSpec(specOf(service), this.now()));
  }

  /** Reads a service whose settings have just been stored. */
  reload(name: string): void {
    const service = this.options.store.service(name);
    if (service !== undefined) return this.load(service);
    this.services.delete(name);
    this.#failures.delete(name);
    this.#served.delete(name);
    this.apply(this.core.removeService(name, this.now()));
    this.#forget(name);
  }

  /** An instance answers calls. */
  markServing(id: InstanceId): void {
    this.#served.add(id.service);
  }

  /** False for a service that fails to start and has never done otherwise, as far as this program knows. */
  mayHaveCallers(service: string): boolean {
    return this.#served.has(service) || this.core.service(service)?.state !== "down";
  }

  loadOf(pid: number): InstanceLoad | undefined {
    return this.#loads.get(pid);
  }

  onHeartbeat(id: InstanceId, pid: number, load: InstanceLoad): "known" | "unknown" {
    const effects = this.core.onHeartbeat(id, pid, load, this.now());
    if (effects === "unknown") return "unknown";
    this.#loads.set(pid, load);
    this.apply(effects);
    return "known";
  }

  /** Time has passed. */
  tick(): void {
    this.apply(this.core.tick(this.now()));
  }

  /** Why the last thing that was asked for has failed. */
  failureOf(service: string): string | undefined {
    return this.#failures.get(service) ?? this.#blockageOf(service);
  }

  /** As many instances shall run as were asked for, whatever calls and idleness have made of that. */
  rescale(service: string): void {
    this.apply(this.core.rescale(service, this.now()));
  }

  /** Every instance of a service shall be a fresh one. */
  restart(service: string): void {
    this.apply(this.core.restart(service, this.now()));
  }

  /** Does what the core wants, and what it wants because of that. */
  apply(effects: readonly Effect[]): void {
    this.#queue.push(...effects);
    if (this.#isApplying) return;
    this.#isApplying = true;
    try {
      for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) this.#perform(effect);
    } finally {
      this.#isApplying = false;
    }
    this.activations.settle((service) => this.#availability(service));
    this.followers.wake();
    this.#setTimer();
  }

  /** Drains everything; resolves when all have ended, or after `timeoutMs`, when what is left is killed. */
  async end(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAllEnded = resolve;
    this.apply(this.core.drainAll(this.now()));
    if (this.processes.size === 0) resolve();
    const timer = setTimeout(() => this.processes.killAll(), timeoutMs);
    await promise;
    clearTimeout(timer);
    clearTimeout(this.#timer);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(effect);
      case "drain":
        return this.processes.drain(effect.id);
      case "kill":
        return this.processes.kill(effect.id);
      case "ping":
        return void this.#ping(effect.id);
      case "promote":
      case "abort":
        return this.#settleCandidate(effect);
      case "event":
        return this.#tell(effect);
    }
  }

  #spawn({ id, release }: EffectOf<"spawn">): void {
    const service = this.services.get(id.service);
    const code = service?.releases.find(({ number }) => number === release);
    let pid: number;
    try {
      if (service === undefined || code === undefined) throw new Error(`release ${release} is gone`);
      pid = this.processes.spawn(id, { release, package: code.package, env: service.env });
    } catch (error) {
      this.#queue.push(...this.core.onSpawnFailed(id, (error as Error).message, this.now()));
      return;
    }
    this.#queue.push(...this.core.onSpawned(id, pid, this.now()));
    this.#storeRestarts(id.service);
  }

  async #ping(id: InstanceId): Promise<void> {
    const pid = this.processes.pidOf(id);
    try {
      const hello = await ping(join(runDirectory(), `${formatInstanceId(id)}.sock`));
      if (hello.pid !== pid) throw new CellError("NOT_FOUND", `pid ${hello.pid} answers for ${formatInstanceId(id)}`);
      this.markServing(id);
      this.apply(this.core.onPingAnswered(id, this.now()));
    } catch {
      this.apply(this.core.onPingFailed(id, this.now()));
    }
  }

  /** Durable first: the core hears of it when the store has it. */
  #settleCandidate(effect: EffectOf<"promote"> | EffectOf<"abort">): void {
    const { kind, service, release } = effect;
    const stored = this.services.get(service);
    if (stored?.releases.some(({ number, role }) => number === release && role === "candidate") !== true) return;
    try {
      if (kind === "promote") this.options.store.promote(service, release);
      else this.options.store.abort(service, release, effect.reason);
    } catch (error) {
      const seconds = STORE_RETRY_MS / SECOND;
      this.options.log(`error: ${service}: ${toCellError(error).message}; trying again in ${seconds} s`);
      setTimeout(() => this.apply([effect]), STORE_RETRY_MS).unref();
      return;
    }
    this.reload(service);
    if (kind === "abort") this.#failures.set(service, effect.reason);
  }

  #tell({ service, number, level, message }: EffectOf<"event">): void {
    const instance = number === undefined ? undefined : formatInstanceId({ service, number });
    const text = `${instance ?? service}: ${message}`;
    this.options.log(level === "info" ? text : `${level}: ${text}`);
    if (instance !== undefined) appendSystemLine(instance, message);
    const view = this.core.service(service);
    if (view === undefined) return;
    this.followers.tell(service, { phase: view.phase, up: view.up, wanted: view.wanted, message: text });
  }

  #onExit(id: InstanceId, pid: number, status: ExitStatus): void {
    this.#loads.delete(pid);
    this.apply(this.core.onExit(id, pid, status, this.now()));
    this.#forget(id.service);
    if (this.processes.size === 0) this.#onAllEnded?.();
  }

  #availability(service: string): Availability {
    const up = this.core.service(service)?.up ?? 0;
    if (this.core.isUp(service)) return { kind: "up", instances: up };
    const stored = this.services.get(service);
    if (stored === undefined) return { kind: "failed", error: new CellError("NOT_FOUND", `${service} was removed`) };
    if (stored.stopped) return { kind: "failed", error: stoppedError(service) };
    const failure = this.#blockageOf(service);
    if (failure === undefined) return { kind: "wait" };
    return { kind: "failed", error: failureError("FAILED_PRECONDITION", service, failure, this.core.instances()) };
  }

  /** What ails the release that runs is in nobody's way while another one is coming to take its place. */
  #blockageOf(service: string): string | undefined {
    const hasCandidate = this.services.get(service)?.releases.some(({ role }) => role === "candidate") === true;
    return hasCandidate ? undefined : this.core.service(service)?.failure;
  }

  /** Nothing is kept of a service that was removed and whose last instance has ended, but its data. */
  #forget(service: string): void {
    if (!this.services.has(service) && this.core.service(service) === undefined) removeLogs(service);
  }

  #storeRestarts(service: string): void {
    for (const { id, restarts } of this.core.instances()) {
      const instance = formatInstanceId(id);
      if (id.service !== service || restarts === (this.#restarts.get(instance) ?? 0)) continue;
      try {
        this.options.store.setRestarts(service, id.number, restarts);
        this.#restarts.set(instance, restarts);
      } catch (error) {
        this.options.log(`warn: ${service}: its restarts are not recorded: ${toCellError(error).message}`);
        return;
      }
    }
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const delayMs = this.core.nextTickAt() - this.now();
    if (delayMs === Infinity) return;
    this.#timer = setTimeout(
      () => this.tick(),
      Math.min(Math.max(0, delayMs), TIMER_MS_MAX),
    );
  }
}

/** What the core wants to know of a service. */
function specOf(service: StoredService): ServiceSpec {
  return { ...service, minReplicas: Math.min(service.minReplicas, service.replicas) };
}

/** The error for whoever calls or wakes a service that `cell stop` has stopped. */
export function stoppedError(service: string): CellError {
  return new CellError("FAILED_PRECONDITION", `${service} is stopped: cell restart ${service} starts it again`, {
    data: { started: false },
  });
}
