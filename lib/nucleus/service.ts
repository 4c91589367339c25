import { CellError, didYouMean } from "../base/mod.ts";
import { openPackage, packageSchema } from "../package/mod.ts";
import { currentCall } from "../rpc/mod.ts";
import {
  assertUserServiceName,
  formatInstanceId,
  holders,
  NUCLEUS,
  parseInstanceId,
  servedNames,
} from "../service/mod.ts";
import { workerOf } from "./adoption.ts";
import type { Agent } from "./agent.ts";
import type {
  DeployAnswer,
  DeployRequest,
  Health,
  Heartbeat,
  InstanceStatus,
  NodeStatus,
  NucleusApi,
  Progress,
  Registration,
  RegistrationAnswer,
} from "./client/mod.ts";
import type { InstanceId } from "./core/mod.ts";
import { type Deployment, planDeployment } from "./deployment.ts";
import { failureError } from "./failure.ts";
import { assertCount, assertTogether } from "./settings.ts";
import { healthOf } from "./status.ts";
import type { StoredService } from "./state/mod.ts";
import { stoppedError } from "./supervisor.ts";

/** Every service has a row, a schema and at least a release: this many fit into any machine's memory. */
export const SERVICES_MAX = 1000;

const SHA256_PATTERN = /^[0-9a-f]{64}$/;

/**
 * What the agent answers calls with. Everything that changes something checks what it is asked, stores it, and only then
 * tells the supervisor: what was acknowledged survives, and what could not be stored has changed nothing.
 */
export class NucleusService implements NucleusApi {
  constructor(private readonly agent: Agent) {}

  status(): Promise<NodeStatus> {
    return Promise.resolve(this.agent.status());
  }

  instances(): Promise<InstanceStatus[]> {
    return Promise.resolve(this.agent.instances());
  }

  health(): Promise<Health> {
    return Promise.resolve(healthOf(this.agent.status().services, this.agent.instances()));
  }

  async deploy(request: DeployRequest): Promise<DeployAnswer> {
    const { service, mode } = request;
    this.agent.assertOpen(`deploying ${service}`);
    assertUserServiceName(service);
    const code = await codeOf(request);
    // Two deploys of one service come after each other: the second one sees what the first one stored.
    return await this.agent.inTurn(service, async () => {
      const existing = this.#services.get(service);
      if (existing === undefined) this.#assertNew(service, mode);
      refuseTaken(service);
      // A version that has never answered has no callers that another one could break.
      const hasCallers = this.#supervisor.mayHaveCallers(service);
      const plan = await planDeployment(
        existing,
        hasCallers ? request : { ...request, force: true },
        code,
        packageSchema,
      );
      const release = this.#store(service, code, plan);
      if (plan.action !== "unchanged") this.#supervisor.reload(service);
      if (request.replicas !== undefined) this.#supervisor.rescale(service);
      if (plan.needsRestart) this.#supervisor.restart(service);
      return { service, release, action: plan.action, species: code.species };
    });
  }

  async scale(service: string, replicas: number): Promise<void> {
    assertCount(`scaling ${service}`, replicas);
    await this.#change(`scaling ${service}`, service, (stored) => {
      assertTogether({ ...stored, replicas });
      this.agent.store.configure(service, { replicas, stopped: false });
    });
    this.#supervisor.rescale(service);
  }

  stop(service: string): Promise<void> {
    return this.#change(`stopping ${service}`, service, () => this.agent.store.configure(service, { stopped: true }));
  }

  async restart(service: string): Promise<void> {
    if (service === NUCLEUS) return await this.agent.upgrade();
    await this.#change(`restarting ${service}`, service, ({ stopped }) => {
      if (stopped) this.agent.store.configure(service, { stopped: false });
    });
    this.#supervisor.restart(service);
  }

  remove(service: string, species?: string): Promise<void> {
    return this.#change(`removing ${service}`, service, () => {
      if (species === undefined) this.agent.store.remove(service);
      else this.agent.store.removeSpecies(service, species);
    });
  }

  async *follow(service: string): AsyncGenerator<Progress, void, void> {
    this.#find(`following ${service}`, service);
    const { core, followers } = this.#supervisor;
    yield* followers.follow(service, () => {
      const view = core.service(service);
      if (view === undefined) return { progress: GONE, isSettled: true, failure: undefined };
      const { phase, up, wanted } = view;
      const failure = this.#supervisor.failureOf(service);
      return {
        progress: { phase, up, wanted },
        isSettled: phase === "settled",
        failure: failure === undefined ? undefined : () => failureError("ABORTED", service, failure, core.instances()),
      };
    });
  }

  async shutdown(): Promise<void> {
    await this.agent.shutdown();
  }

  async activate(service: string): Promise<{ instances: number }> {
    const { core, activations } = this.#supervisor;
    this.agent.assertOpen(`waking ${service}`);
    const stored = this.#services.get(service);
    if (stored === undefined) throw this.#unknown("", service);
    if (stored.stopped) throw stoppedError(service);
    const answer = activations.wait(service, currentCall()?.signal);
    this.#supervisor.apply(core.demand(service, this.#supervisor.now()));
    return { instances: await answer };
  }

  register({ service, number, release, species, pid }: Registration): Promise<RegistrationAnswer> {
    const id = { service, number };
    const { core, processes } = this.#supervisor;
    const known = processes.pidOf(id);
    if (known === undefined && holds(id, pid)) this.agent.adopt({ id, release, species, pid });
    else if (known !== pid) {
      const found = known === undefined ? "there is none" : `it is pid ${known}`;
      throw new CellError("FAILED_PRECONDITION", `registering pid ${pid} as ${formatInstanceId(id)}: ${found}`);
    }
    this.#supervisor.markServing(id);
    this.#supervisor.apply(core.onRegistered(id, pid, species, this.#supervisor.now()));
    return Promise.resolve({ heartbeatMs: this.agent.heartbeatMs });
  }

  heartbeat({ instance, pid, load }: Heartbeat): Promise<void> {
    const id = parseInstanceId(instance);
    const { processes } = this.#supervisor;
    if (id?.number !== undefined && processes.pidOf({ ...id, number: id.number }) === pid) {
      const known = this.#supervisor.onHeartbeat({ ...id, number: id.number }, pid, load);
      if (known === "known") return Promise.resolve();
    }
    throw new CellError("NOT_FOUND", `a heartbeat of ${instance}, pid ${pid}: this agent does not know it; register`);
  }

  get #supervisor() {
    return this.agent.supervisor;
  }

  get #services() {
    return this.agent.supervisor.services;
  }

  /** Changes what is wanted of a service that exists: `store` makes it durable or throws. */
  async #change(what: string, service: string, store: (stored: StoredService) => void): Promise<void> {
    this.agent.assertOpen(what);
    await this.agent.inTurn(service, () => {
      store(this.#find(what, service));
      this.#supervisor.reload(service);
      return Promise.resolve();
    });
  }

  /** Makes a plan durable; returns the number of the release that it is about. */
  #store(service: string, { sha256, species }: { sha256: string; species: string }, plan: Deployment): number {
    const { store } = this.agent;
    const { action, settings, parallel, observeMs, release } = plan;
    switch (action) {
      case "created":
        store.create({ name: service, ...settings }, { package: sha256, species });
        return store.service(service)!.releases[0]!.number;
      case "swapping":
        return store.atomically(() => {
          store.configure(service, { ...settings, stopped: false });
          return store.addCandidate(service, { package: sha256, species, parallel, observeMs });
        });
      case "configured":
        store.configure(service, { ...settings, stopped: false });
        return release!.number;
      case "unchanged":
        return release!.number;
    }
  }

  #find(what: string, service: string): StoredService {
    const stored = this.#services.get(service);
    if (stored === undefined) throw this.#unknown(what, service);
    return stored;
  }

  #assertNew(service: string, mode: DeployRequest["mode"]): void {
    if (mode === "swap") throw this.#unknown(`swapping ${service}`, service);
    if (this.#services.size < SERVICES_MAX) return;
    throw new CellError("RESOURCE_EXHAUSTED", `deploying ${service}: ${SERVICES_MAX} services are deployed already`);
  }

  #unknown(what: string, service: string): CellError {
    const near = didYouMean(service, new Set([...this.#services.keys(), ...servedNames()]));
    const attempted = what === "" ? "" : `${what}: `;
    return new CellError("NOT_FOUND", `${attempted}no service named ${service} is deployed here.${near}`, {
      data: { started: false },
    });
  }
}

/** What followers of a service see that is removed. */
const GONE = { phase: "settled", up: 0, wanted: 0 } as const;

/** The package of a request, whole. Throws INVALID_ARGUMENT when it is of another service. */
async function codeOf({ service, package: sha256 }: DeployRequest) {
  if (!SHA256_PATTERN.test(sha256)) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `deploying ${service}: expected a SHA-256 as the package, found "${sha256}"`,
    );
  }
  const { schema, manifest } = await openPackage(sha256);
  if (manifest.service !== service) {
    throw new CellError("INVALID_ARGUMENT", `deploying ${service}: the package was built as ${manifest.service}`);
  }
  return { sha256, species: schema.species, schema };
}

/** Somebody who serves the whole name with `cell run` would keep every instance from starting. */
function refuseTaken(service: string): void {
  const holder = holders().find((other) => other.service === service && other.number === undefined);
  if (holder === undefined) return;
  const who = holder.pid === undefined ? "a process" : `pid ${holder.pid}`;
  throw new CellError(
    "ALREADY_EXISTS",
    `deploying ${service}: ${who} serves this name outside of the nucleus (cell run). Stop it, or deploy under another ` +
      "name with --name.",
  );
}

/** Whether a process holds the lock of an instance: then it is a worker, whatever it says of itself. */
function holds(id: InstanceId, pid: number): boolean {
  return holders().flatMap(workerOf).some((worker) =>
    worker.pid === pid && worker.id.service === id.service && worker.id.number === id.number
  );
}
