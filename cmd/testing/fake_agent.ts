import { CellError } from "../../lib/base/mod.ts";
import {
  type CatalogInstance,
  type ClusterStatus,
  type DeployRequest,
  type InstanceStatus,
  type IssuedToken,
  type Member,
  type NetworkCondition,
  type NodeStatus,
  NUCLEUS_SCHEMA,
  type NucleusApi,
  type Progress,
  type ServiceStatus,
} from "../../lib/nucleus/client/mod.ts";
import type { Handler } from "../../lib/rpc/mod.ts";

/** What a command has asked of an agent. */
export interface Asked {
  readonly node: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What an agent of a test answers where that is not what it would by itself. */
export type Answers = { [Method in keyof NucleusApi]?: (...args: never[]) => unknown };

/** What every node sees alike. */
export interface FakeWorld {
  members(): Member[];
  catalog(): CatalogInstance[];
}

export const SPECIES = "a7474d0577529b8c";

/** An agent that remembers what it was asked, and believes that everything it is told happens at once. */
export class FakeAgent {
  /** By name: how many instances are wanted. */
  readonly services = new Map<string, number>();
  /** Hashes and sizes of packages that were sent to it. */
  readonly packages = new Map<string, number>();
  answers: Answers = {};
  /** Of what it has no method of that name for. */
  readonly #byItself: Answers = { services: () => this.#servedAnywhere() };
  network: NetworkCondition = { state: "on", problem: null, warning: null };

  constructor(readonly member: Member, private readonly world: FakeWorld) {}

  /** A handler for every method of the agent; each call is told to `onAsked`. */
  handlers(onAsked: (asked: Asked) => void): Record<string, Handler> {
    const own = this as unknown as { [method: string]: ((...args: unknown[]) => unknown) | undefined };
    return Object.fromEntries(
      Object.keys(NUCLEUS_SCHEMA.methods).map((method) => {
        const fn = (...args: unknown[]): unknown => {
          onAsked({ node: this.member.name, method, args });
          const name = method as keyof NucleusApi;
          const answer = (this.answers[name] ?? this.#byItself[name]) as ((...args: unknown[]) => unknown) | undefined;
          if (answer !== undefined) return answer(...args);
          if (own[method] !== undefined) return own[method](...args);
          throw new CellError("UNIMPLEMENTED", `the agent of this test knows nothing of ${method}`);
        };
        return [method, { fn: fn as Handler["fn"], self: this }];
      }),
    );
  }

  status(): NodeStatus {
    return {
      node: this.member.name,
      pid: 4711,
      version: this.member.version,
      home: `/home/${this.member.name}/.cell`,
      startedAt: new Date(0),
      uptimeMs: 61_000,
      heartbeatMs: 5000,
      network: this.network,
      services: [...this.services].map(([name, replicas]) => serviceStatus(name, replicas)),
    };
  }

  instances(): InstanceStatus[] {
    return [...this.services].flatMap(([service, replicas]) =>
      Array.from({ length: replicas }, (_, index) => instanceStatus(service, index + 1))
    );
  }

  discover(service?: string): CatalogInstance[] {
    return this.world.catalog().filter((instance) => service === undefined || instance.service === service);
  }

  members(): Member[] {
    return this.world.members().map((member) => ({ ...member, isSelf: member.id === this.member.id }));
  }

  #servedAnywhere(): string[] {
    return [...new Set(this.world.catalog().map(({ service }) => service))].sort();
  }

  cluster(): ClusterStatus {
    return {
      cluster: "c0ffee00".padEnd(32, "0"),
      nodeId: this.member.id,
      node: this.member.name,
      region: this.member.region,
      zone: this.member.zone,
      network: this.network.state === "on",
      state: this.network.state,
      problem: this.network.problem,
      authority: true,
      addresses: ["192.0.2.1"],
      nodePort: 9043,
      gossipPort: 9044,
      certificateExpiresAt: new Date(Date.now() + 90 * 86_400_000),
    };
  }

  deploy({ service, replicas = 1 }: DeployRequest): unknown {
    const isNew = !this.services.has(service);
    this.services.set(service, replicas);
    return { service, release: isNew ? 1 : 2, action: isNew ? "created" : "swapping", species: SPECIES };
  }

  scale(service: string, replicas: number): void {
    this.services.set(service, replicas);
  }

  stop(service: string): void {
    this.services.set(service, 0);
  }

  restart(): void {}

  remove(service: string): void {
    this.services.delete(service);
  }

  async *follow(service: string): AsyncGenerator<Progress, void, void> {
    const up = this.services.get(service) ?? 0;
    yield { phase: "starting", up: 0, wanted: up, message: "" };
    yield await Promise.resolve({ phase: "settled", up, wanted: up, message: "" });
  }

  health(): unknown {
    return { healthy: true, problems: [] };
  }

  async storePackage(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    let bytes = 0;
    for await (const chunk of archive) bytes += chunk.length;
    this.packages.set(sha256, bytes);
  }

  createToken({ uses = 1 }: { uses?: number }): IssuedToken {
    const expiresAt = new Date(Date.now() + 3_600_000);
    return { token: "cell-TOKEN", id: "0123456789ab", expiresAt, uses, addresses: ["192.0.2.1:9043"] };
  }

  tokens(): unknown {
    return [{ id: "0123456789ab", expiresAt: new Date(Date.now() + 3_600_000), usesLeft: 2 }];
  }

  revokeToken(): void {}

  leave(): void {}
}

function serviceStatus(name: string, replicas: number): ServiceStatus {
  return {
    name,
    state: replicas === 0 ? "idle" : "up",
    reason: null,
    replicas,
    minReplicas: replicas,
    maxReplicas: null,
    idleMs: 300_000,
    up: replicas,
    releases: [{ number: 1, species: SPECIES, package: "0".repeat(64), role: "active", createdAt: new Date(0) }],
  };
}

function instanceStatus(service: string, number: number): InstanceStatus {
  return {
    service,
    instance: `${service}@${number}`,
    number,
    release: 1,
    species: SPECIES,
    pid: 1,
    state: "up",
    reason: null,
    restarts: 0,
    uptimeMs: 5000,
    load: {
      inFlight: 0,
      calls: 10,
      errors: 0,
      callsPerSecond: 1,
      p50Micros: 120,
      p99Micros: 340,
      memoryBytes: 20_000_000,
      cpuShare: 0.01,
      eventLoopLagMs: 0,
    },
  };
}
