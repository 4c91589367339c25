import { join } from "node:path";
import { CellError, SECOND, toCellError } from "../base/mod.ts";
import { appendSystemLine, removeLogs } from "../logs/mod.ts";
import { formatInstanceId, runDirectory } from "../service/mod.ts";
import { Activations, type Availability, endingError, stoppedError } from "./activation.ts";
import type { FoundWorker } from "./adoption.ts";
import { Catalog } from "./catalog.ts";
import type { InstanceLoad } from "./client/mod.ts";
import { type Effect, type ExitStatus, type InstanceId, type ServiceSpec, SupervisorCore } from "./core/mod.ts";
import { failureError } from "./failure.ts";
import { Followers } from "./followers.ts";
import { ping, type Pong, Processes } from "./process/mod.ts";
import { RestartCounts } from "./restart_counts.ts";
import type { StateStore, StoredService } from "./state/mod.ts";
import { TickTimer } from "./tick_timer.ts";
import { recordVerdict, type Verdict } from "./verdict.ts";
import { WorkerFacts } from "./worker_facts.ts";

/** What could not be written, because the disk is full, is tried again after this time. */
const STORE_RETRY_MS = 5 * SECOND;
/** What SIGKILL has not ended after this time waits in the kernel, and the agent does not wait for it. */
const KILLED_MS_MAX = 2 * SECOND;
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
  readonly catalog: Catalog;
  readonly core: SupervisorCore;
  readonly processes: Processes;
  readonly activations = new Activations();
  readonly followers = new Followers();
  readonly workers = new WorkerFacts();
  readonly #restarts: RestartCounts;
  readonly #queue: Effect[] = [];
  #isApplying = false;
  #isEnding = false;
  readonly #timer = new TickTimer(() => this.#attempt("looking after the services", () => this.tick()));
  #onAllEnded: (() => void) | undefined;

  constructor(private readonly options: SupervisorOptions) {
    const { store, workerCommand, heartbeatMs, log } = options;
    this.catalog = new Catalog(store);
    this.#restarts = new RestartCounts(store, log);
    this.core = new SupervisorCore({ heartbeatMs }, Math.random);
    for (const { name } of this.catalog.all()) this.core.setRestarts(name, this.#restarts.read(name));
    this.processes = new Processes({
      workerCommand,
      onExit: (id, pid, status) => this.#onExit(id, pid, status),
    });
  }

  /** The monotonic clock: what the wall clock does is of no interest here. */
  now(): number {
    return performance.now();
  }

  /** Looks after a worker that runs already; one that nobody wants is drained. */
  adopt({ id, release, species, pid }: FoundWorker): void {
    this.workers.adopted(pid, this.now());
    this.processes.adopt(id, pid);
    this.apply(this.core.adopt({ id, release, species, pid }, this.now()));
  }

  /** Begins: what is wanted and does not run is started. */
  begin(): void {
    for (const service of this.catalog.all()) this.apply(this.core.setSpec(specOf(service), this.now()));
    this.tick();
  }

  /** The settings of a service have just been stored, or it was removed. */
  reload(name: string): void {
    const service = this.catalog.reload(name);
    if (service !== undefined) return this.apply(this.core.setSpec(specOf(service), this.now()));
    this.#restarts.forget(name);
    this.apply(this.core.removeService(name, this.now()));
    this.#forget(name);
  }

  /** As many instances shall run as were asked for, whatever calls and idleness have made of that. */
  rescale(service: string): void {
    this.apply(this.core.rescale(service, this.now()));
  }

  /** Every instance of a service shall be a fresh one. */
  restart(service: string): void {
    this.apply(this.core.restart(service, this.now()));
  }

  /** Somebody calls a service: resolves to the number of its instances when one answers. */
  async wake(service: string, signal: AbortSignal | undefined): Promise<number> {
    const answer = this.activations.wait(service, signal);
    this.apply(this.core.demand(service, this.now()));
    return await answer;
  }

  onRegistered(id: InstanceId, pid: number, species: string): void {
    this.catalog.hasAnswered(id.service);
    this.apply(this.core.onRegistered(id, pid, species, this.now()));
  }

  onHeartbeat(id: InstanceId, pid: number, load: InstanceLoad): "known" | "unknown" {
    const effects = this.core.onHeartbeat(id, pid, load, this.now());
    if (effects === "unknown") return "unknown";
    this.workers.reported(pid, load);
    this.apply(effects);
    return "known";
  }

  /** False for a service that fails to start and has never done otherwise, as far as this program knows. */
  mayHaveCallers(service: string): boolean {
    return this.catalog.isKnownToAnswer(service) || this.core.service(service)?.state !== "down";
  }

  /** Why the last thing that was asked for has failed. */
  failureOf(service: string): string | undefined {
    return this.catalog.failureOf(service) ?? this.#blockageOf(service);
  }

  /** Does what the core wants, and what it wants because of that. */
  apply(effects: readonly Effect[]): void {
    this.#queue.push(...effects);
    if (this.#isApplying) return;
    this.#isApplying = true;
    for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) {
      const { kind } = effect;
      this.#attempt(kind, () => this.#perform(effect));
    }
    this.#isApplying = false;
    this.#attempt("answering who waits", () => this.activations.settle((service) => this.#availability(service)));
    this.followers.wake();
    this.#timer.set(this.core.nextTickAt() - this.now());
  }

  /** Time has passed. */
  tick(): void {
    this.apply(this.core.tick(this.now()));
  }

  /** Drains everything; resolves when all have ended. What is left after `timeoutMs` is killed. */
  async end(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAllEnded = resolve;
    this.#isEnding = true;
    this.apply(this.core.drainAll(this.now()));
    if (this.processes.size === 0) resolve();
    const killing = setTimeout(() => this.processes.killAll(), timeoutMs);
    const leaving = setTimeout(resolve, timeoutMs + KILLED_MS_MAX);
    await promise;
    clearTimeout(killing);
    clearTimeout(leaving);
    this.#timer.clear();
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
    const code = this.catalog.get(id.service)?.releases.find(({ number }) => number === release);
    let pid: number;
    try {
      if (code === undefined) throw new Error(`release ${release} is gone`);
      pid = this.processes.spawn(id, { release, package: code.package, env: code.env });
    } catch (error) {
      this.#queue.push(...this.core.onSpawnFailed(id, (error as Error).message, this.now()));
      return;
    }
    this.#queue.push(...this.core.onSpawned(id, pid, this.now()));
    this.#restarts.write(this.core.instances().filter((instance) => instance.id.service === id.service));
  }

  async #ping(id: InstanceId): Promise<void> {
    const pid = this.processes.pidOf(id);
    const pong = await pingInstance(id).catch(() => undefined);
    // What a process that has ended meanwhile has said is nothing that the next one should answer for.
    if (pid === undefined || this.processes.pidOf(id) !== pid) return;
    this.#attempt("ping", () => {
      if (pong?.hello.pid !== pid) return this.apply(this.core.onPingFailed(id, this.now()));
      this.catalog.hasAnswered(id.service);
      this.apply(this.core.onPingAnswered(id, pong!.counts, this.now()));
    });
  }

  /** Durable first: the core hears of it when the store has it. */
  #settleCandidate(effect: Verdict): void {
    const { service } = effect;
    try {
      if (!recordVerdict(effect, this.catalog, this.options.store)) return;
      this.reload(service);
    } catch (error) {
      const seconds = STORE_RETRY_MS / SECOND;
      this.options.log(`error: ${service}: ${toCellError(error).message}; trying again in ${seconds} s`);
      setTimeout(() => this.apply([effect]), STORE_RETRY_MS).unref();
      return;
    }
    if (effect.kind === "abort") this.catalog.failed(service, effect.reason);
  }

  #tell({ service, number, level, message }: EffectOf<"event">): void {
    const instance = number === undefined ? undefined : formatInstanceId({ service, number });
    const text = `${instance ?? service}: ${message}`;
    this.options.log(level === "info" ? text : `${level}: ${text}`);
    if (instance !== undefined) appendSystemLine(instance, message);
    const view = this.core.service(service);
    if (view === undefined) return;
    this.followers.tell(service, { phase: view.phase, ...view.arrived, message: text });
  }

  #onExit(id: InstanceId, pid: number, status: ExitStatus): void {
    this.workers.ended(pid);
    this.#attempt("the end of a worker", () => this.apply(this.core.onExit(id, pid, status, this.now())));
    this.#forget(id.service);
    if (this.processes.size === 0) this.#onAllEnded?.();
  }

  /** Nothing is kept of a service that was removed and whose last instance has ended, but its data. */
  #forget(service: string): void {
    if (this.catalog.get(service) !== undefined || this.core.service(service) !== undefined) return;
    this.#attempt(`removing the logs of ${service}`, () => removeLogs(service));
  }

  #availability(service: string): Availability {
    const up = this.core.service(service)?.up ?? 0;
    if (this.core.isUp(service)) return { kind: "up", instances: up };
    const error = this.#refusal(service);
    return error === undefined ? { kind: "wait" } : { kind: "failed", error };
  }

  /** Why nothing of a service will come up. */
  #refusal(service: string): CellError | undefined {
    const stored = this.catalog.get(service);
    if (stored === undefined) return new CellError("NOT_FOUND", `${service} was removed`);
    if (stored.stopped) return stoppedError(service);
    if (this.#isEnding) return endingError(`waking ${service}`);
    const failure = this.#blockageOf(service);
    return failure === undefined
      ? undefined
      : failureError("FAILED_PRECONDITION", service, failure, this.core.instances());
  }

  /** What ails the release that runs is in nobody's way while another one is coming to take its place. */
  #blockageOf(service: string): string | undefined {
    return this.catalog.hasCandidate(service) ? undefined : this.core.service(service)?.failure;
  }

  /** What goes wrong with one thing is told, and ends neither the agent nor what else it does. */
  #attempt(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.options.log(`error: ${what}: ${toCellError(error).message}`);
    }
  }
}

/** Asks whoever listens where an instance should. */
async function pingInstance(id: InstanceId): Promise<Pong> {
  return await ping(join(runDirectory(), `${formatInstanceId(id)}.sock`));
}

/** What the core wants to know of a service. */
function specOf(service: StoredService): ServiceSpec {
  return { ...service, minReplicas: Math.min(service.minReplicas, service.replicas) };
}
