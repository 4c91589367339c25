import { join } from "node:path";
import { SECOND, toCellError } from "../base/mod.ts";
import { prunePackages } from "../package/mod.ts";
import type { Role, RoleHost } from "../role/mod.ts";
import { home, keysDirectory, NUCLEUS } from "../service/mod.ts";
import { reapChildren } from "../sys/mod.ts";
import { endingError } from "./activation.ts";
import { findWorkers } from "./adoption.ts";
import { type InstanceStatus, type NodeStatus, NUCLEUS_SCHEMA } from "./client/mod.ts";
import { START_TIMEOUT_MS } from "./core/mod.ts";
import { initHome, type InitResult } from "./home/mod.ts";
import type { RunNucleusOptions } from "./options.ts";
import { NucleusService } from "./service.ts";
import { StateStore } from "./state/mod.ts";
import { instanceStatus, serviceStatus } from "./status.ts";
import { Supervisor } from "./supervisor.ts";
import { AgentNode } from "./agent_node.ts";
import { Cluster, ClusterService } from "./cluster/mod.ts";
import { checkBinary, executeAgain, isResumed } from "./upgrade.ts";

/** Container runtimes and service managers lose patience at some time; a drain of 12 s fits in. */
const SHUTDOWN_MS_MAX = 15 * SECOND;
/** The answer to whoever asked for it leaves before the program that sends it is replaced. */
const EXECUTE_DELAY_MS = 50;

/** The node's agent: keeps what was deployed running. */
export class Agent implements Role {
  readonly name = NUCLEUS;
  readonly schema = NUCLEUS_SCHEMA;
  readonly startedAt = new Date();
  readonly #startedAtMs = performance.now();
  readonly #turns = new Map<string, Promise<unknown>>();
  #leaving: readonly Promise<void>[] = [];
  #host: RoleHost | undefined;
  #home: InitResult | undefined;
  #store: StateStore | undefined;
  #supervisor: Supervisor | undefined;
  #cluster: Cluster | undefined;
  #isServing = false;
  #isEnding = false;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(private readonly options: RunNucleusOptions) {}

  get store(): StateStore {
    return this.#store!;
  }

  get supervisor(): Supervisor {
    return this.#supervisor!;
  }

  get heartbeatMs(): number {
    return this.#home!.heartbeatMs;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  start(host: RoleHost): Promise<readonly object[]> {
    this.#host = host;
    this.#home = initHome();
    this.#store = StateStore.open(join(home(), "state.db"));
    const { workerCommand, log } = this.options;
    this.#supervisor = new Supervisor({ store: this.store, workerCommand, heartbeatMs: this.heartbeatMs, log });
    const { workers, leaving } = findWorkers(home(), START_TIMEOUT_MS);
    for (const worker of workers) this.supervisor.adopt(worker);
    this.#leaving = leaving;
    // Found workers are waited for one by one; of others that ended while this program began nobody else knows.
    if (isResumed(host.claim)) reapChildren();
    return Promise.resolve(this.#parts());
  }

  /** What answers calls: about this node, and about the others. */
  #parts(): readonly object[] {
    const { log, version } = this.options;
    const parts: object[] = [new NucleusService(this)];
    const node = new AgentNode(this, parts, log);
    this.#cluster = new Cluster({
      keys: keysDirectory(),
      settings: this.#home!,
      version,
      node,
      tell: (isOnline) => this.#host!.claim.setOnline(isOnline),
      log,
    });
    parts.push(new ClusterService(this.#cluster));
    return parts;
  }

  /** Workers can register from now on, so what is missing is started. */
  serving(): void {
    this.#isServing = true;
    this.supervisor.begin();
    this.prune();
    const { size } = this.supervisor.catalog;
    this.options.log(
      `nucleus is up: node ${this.#home!.id}, pid ${process.pid}, version ${this.options.version}, ` +
        `${size} ${size === 1 ? "service" : "services"}, home ${home()}`,
    );
    void this.#cluster!.begin();
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    // An agent that cannot serve ends as if it had never been: the workers go on.
    if (!this.#isServing) return this.store.close();
    this.options.log("nucleus is going down: services drain");
    try {
      await Promise.all([this.supervisor.end(SHUTDOWN_MS_MAX), within(SHUTDOWN_MS_MAX, this.#leaving)]);
      await this.#cluster!.end();
      this.store.close();
    } finally {
      this.#stopped.resolve();
    }
    this.options.log("nucleus is down");
  }

  /** Ends the agent and all workers; resolves when the workers have ended. */
  async shutdown(): Promise<void> {
    this.#host!.end();
    await this.#stopped.promise;
  }

  /** Executes the binary anew when it runs. Resolves before it does, so that whoever asked hears of it. */
  async upgrade(): Promise<void> {
    const what = "executing the binary anew";
    this.assertOpen(what);
    // The next program reads it, too, and could not say so to anybody.
    initHome();
    const version = await checkBinary(this.options);
    this.assertOpen(what);
    this.options.log(`executing ${this.options.command[0]} anew: version ${version} after ${this.options.version}`);
    setTimeout(async () => {
      await Promise.all(this.#turns.values());
      try {
        this.assertOpen(what);
        await this.#cluster!.pause();
        executeAgain(this.options, this.#host!.claim);
      } catch (error) {
        this.options.log(`error: ${toCellError(error).message}; this program goes on`);
        await this.#cluster!.resume();
      }
    }, EXECUTE_DELAY_MS);
  }

  /** Throws FAILED_PRECONDITION once the agent is going down: nothing new is begun then. */
  assertOpen(what: string): void {
    if (this.#isEnding) throw endingError(what);
  }

  /** Runs changes of one service one after the other. */
  inTurn<T>(service: string, change: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(service) ?? Promise.resolve()).then(change, change);
    const done = turn.catch(() => {}).then(() => {
      if (this.#turns.get(service) === done) this.#turns.delete(service);
    });
    this.#turns.set(service, done);
    return turn;
  }

  /** Removes packages that no release needs. That it cannot be done is no failure of whatever led to it. */
  prune(): void {
    try {
      const needed = this.store.services().flatMap(({ releases }) => releases.map((release) => release.package));
      for (const sha256 of prunePackages(new Set(needed))) this.options.log(`removed the package ${sha256}`);
    } catch (error) {
      this.options.log(`warn: removing packages that nobody needs: ${toCellError(error).message}`);
    }
  }

  status(): NodeStatus {
    const { core, catalog } = this.supervisor;
    return {
      node: this.#cluster!.name,
      pid: process.pid,
      version: this.options.version,
      home: home(),
      startedAt: this.startedAt,
      uptimeMs: performance.now() - this.#startedAtMs,
      heartbeatMs: this.heartbeatMs,
      network: this.#cluster!.condition,
      services: catalog.all().flatMap((stored) => {
        const view = core.service(stored.name);
        return view === undefined ? [] : [serviceStatus(stored, view)];
      }),
    };
  }

  instances(): InstanceStatus[] {
    const { core, workers } = this.supervisor;
    const now = this.supervisor.now();
    return core.instances().map((view) =>
      instanceStatus(view, { load: workers.loadOf(view), uptimeMs: workers.uptimeMs(view, now) })
    );
  }
}

/** Resolves when all have resolved, or after this time. */
async function within(timeoutMs: number, all: readonly Promise<void>[]): Promise<void> {
  if (all.length === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([Promise.all(all), promise]);
  clearTimeout(timer);
}
