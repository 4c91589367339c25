import { CellError, didYouMean } from "../base/mod.ts";
import { currentCall } from "../rpc/mod.ts";
import {
  assertUserServiceName,
  formatInstanceId,
  holders,
  NUCLEUS,
  parseInstanceId,
  servedNames,
} from "../service/mod.ts";
import { endingError, stoppedError } from "./activation.ts";
import { workerOf } from "./adoption.ts";
import type { Agent } from "./agent.ts";
import type {
  AgentApi,
  DeployAnswer,
  DeployRequest,
  Health,
  Heartbeat,
  InstanceStatus,
  NodeStatus,
  Progress,
  Registration,
  RegistrationAnswer,
} from "./client/mod.ts";
import type { InstanceId } from "./core/mod.ts";
import { codeOf, deploy } from "./deploy.ts";
import { failureError } from "./failure.ts";
import type { Standing } from "./followers.ts";
import { assertCount, assertTogether } from "./settings.ts";
import type { StoredService } from "./state/mod.ts";
import { healthOf } from "./status.ts";

/** Every service has a row, a schema and at least a release: this many fit into any machine's memory. */
export const SERVICES_MAX = 1000;

const SPECIES_PATTERN = /^[0-9a-f]{16}$/;

/** What followers of a service see that was removed. */
const GONE: Standing = {
  progress: { phase: "settled", up: 0, wanted: 0 },
  isSettled: true,
  failure: undefined,
};

/**
 * What the agent answers calls with. Everything that changes something checks what it is asked, stores it, and only then
 * tells the supervisor: what was acknowledged survives, and what could not be stored has changed nothing.
 */
export class NucleusService implements AgentApi {
  constructor(private readonly agent: Agent) {}

  status(): Promise<NodeStatus> {
    return Promise.resolve(this.agent.status());
  }

  instances(): Promise<InstanceStatus[]> {
    return Promise.resolve(this.agent.instances());
  }

  health(): Promise<Health> {
    const { services, network } = this.agent.status();
    return Promise.resolve(healthOf(services, this.agent.instances(), network));
  }

  async deploy(request: DeployRequest): Promise<DeployAnswer> {
    const { service, mode } = request;
    this.agent.assertOpen(`deploying ${service}`);
    assertUserServiceName(service);
    const code = await codeOf(request);
    // Two deploys of one service come after each other: the second one sees what the first one stored.
    return await this.agent.inTurn(service, async () => {
      if (this.#catalog.get(service) === undefined) this.#assertNew(service, mode);
      const answer = await deploy(request, code, this.agent.store, this.#supervisor);
      this.agent.prune();
      return answer;
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

  async remove(service: string, species?: string): Promise<void> {
    await this.#change(`removing ${service}`, service, () => {
      // What is needed until now stays for those who end: another service's deploy removes what is forgotten for long.
      this.agent.prune();
      if (species === undefined) this.agent.store.remove(service);
      else this.agent.store.removeSpecies(service, species);
    });
    const { followers, core } = this.#supervisor;
    // Somebody else may deploy it anew meanwhile.
    const isBack = () => this.#catalog.get(service) !== undefined;
    await followers.until(service, () => isBack() || core.service(service) === undefined);
  }

  async *follow(service: string): AsyncGenerator<Progress, void, void> {
    this.#find(`following ${service}`, service);
    yield* this.#supervisor.followers.follow(service, () => this.#standing(service));
  }

  async shutdown(): Promise<void> {
    await this.agent.shutdown();
  }

  async activate(service: string): Promise<{ instances: number }> {
    this.agent.assertOpen(`waking ${service}`);
    const stored = this.#catalog.get(service);
    if (stored === undefined) throw this.#unknown("", service);
    if (stored.stopped) throw stoppedError(service);
    return { instances: await this.#supervisor.wake(service, currentCall()?.signal) };
  }

  register({ service, number, release, species, pid }: Registration): Promise<RegistrationAnswer> {
    if (!SPECIES_PATTERN.test(species)) throw new CellError("INVALID_ARGUMENT", `registering ${service}: no species`);
    const id = { service, number };
    const known = this.#supervisor.processes.pidOf(id);
    if (known === undefined && holds(id, pid)) this.#supervisor.adopt({ id, release, species, pid });
    else if (known !== pid) {
      const found = known === undefined ? "there is none" : `it is pid ${known}`;
      throw new CellError("FAILED_PRECONDITION", `registering pid ${pid} as ${formatInstanceId(id)}: ${found}`);
    }
    this.#supervisor.onRegistered(id, pid, species);
    return Promise.resolve({ heartbeatMs: this.agent.heartbeatMs });
  }

  heartbeat({ instance, pid, load }: Heartbeat): Promise<void> {
    const { service, number } = parseInstanceId(instance) ?? {};
    if (service !== undefined && number !== undefined) {
      if (this.#supervisor.onHeartbeat({ service, number }, pid, load) === "known") return Promise.resolve();
    }
    throw new CellError("NOT_FOUND", `a heartbeat of ${instance}, pid ${pid}: this agent does not know it; register`);
  }

  get #supervisor() {
    return this.agent.supervisor;
  }

  get #catalog() {
    return this.agent.supervisor.catalog;
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

  #standing(service: string): Standing {
    const { core } = this.#supervisor;
    const view = core.service(service);
    if (this.agent.isEnding) return { ...GONE, failure: () => endingError(`following ${service}`) };
    if (view === undefined) return GONE;
    const { phase, arrived } = view;
    // Rolled back is what has ended: whoever hears of it finds what was there before, and nothing else.
    const reason = phase === "draining" ? undefined : this.#supervisor.failureOf(service);
    return {
      progress: { phase, ...arrived },
      isSettled: phase === "settled",
      failure: reason === undefined ? undefined : () => failureError("ABORTED", service, reason, core.instances()),
    };
  }

  #find(what: string, service: string): StoredService {
    const stored = this.#catalog.get(service);
    if (stored === undefined) throw this.#unknown(`${what}: `, service);
    return stored;
  }

  #assertNew(service: string, mode: DeployRequest["mode"]): void {
    if (mode === "swap") throw this.#unknown(`swapping ${service}: `, service, ` Deploy it first: cell deploy FILE`);
    if (this.#catalog.size < SERVICES_MAX) return;
    throw new CellError("RESOURCE_EXHAUSTED", `deploying ${service}: ${SERVICES_MAX} services are deployed already`);
  }

  #unknown(attempted: string, service: string, advice = ""): CellError {
    const names = [...this.#catalog.all().map(({ name }) => name), ...servedNames()];
    const near = didYouMean(service, new Set(names.filter((name) => name !== service)));
    return new CellError("NOT_FOUND", `${attempted}no service named ${service} is deployed here.${near || advice}`, {
      data: { started: false },
    });
  }
}

/** Whether a process holds the lock of an instance: then it is a worker, whatever it says of itself. */
function holds(id: InstanceId, pid: number): boolean {
  return holders().flatMap(workerOf).some((worker) =>
    worker.pid === pid && worker.id.service === id.service && worker.id.number === id.number
  );
}
