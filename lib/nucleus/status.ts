import { formatInstanceId } from "../service/mod.ts";
import type { Health, InstanceLoad, InstanceStatus, NetworkCondition, ServiceStatus } from "./client/mod.ts";
import type { InstanceView, ServiceView } from "./core/mod.ts";
import type { StoredService } from "./state/mod.ts";

/** What the core does not know of an instance. */
export interface InstanceFacts {
  readonly load: InstanceLoad | null;
  readonly uptimeMs: number | null;
}

/** One instance, as callers of the agent see it. */
export function instanceStatus(view: InstanceView, facts: InstanceFacts): InstanceStatus {
  const { id, release, species, pid, state, reason, restarts } = view;
  return {
    service: id.service,
    instance: formatInstanceId(id),
    number: id.number,
    release,
    species,
    pid: pid ?? null,
    state,
    reason: reason ?? null,
    restarts,
    ...facts,
  };
}

/** One service, as callers of the agent see it. */
export function serviceStatus(stored: StoredService, view: ServiceView): ServiceStatus {
  const { name, replicas, minReplicas, maxReplicas, idleMs, releases } = stored;
  return {
    name,
    state: view.state,
    reason: view.failure ?? null,
    replicas,
    minReplicas: Math.min(minReplicas, replicas),
    maxReplicas: maxReplicas ?? null,
    idleMs,
    up: view.up,
    releases: releases.map(({ number, species, package: sha256, role, createdAt }) => ({
      number,
      species,
      package: sha256,
      role,
      createdAt,
    })),
  };
}

/** What is not as it was asked for. That a node has left its cluster is as it was asked for. */
export function healthOf(
  services: readonly ServiceStatus[],
  instances: readonly InstanceStatus[],
  { state, problem }: Pick<NetworkCondition, "state" | "problem">,
): Health {
  const ofServices = services.filter(({ state }) => !WELL.has(state)).flatMap(
    ({ name, state, reason, up, replicas }) => {
      const ill = instances.filter((instance) => instance.service === name && ILL.has(instance.state));
      const count = replicas === 0 ? "" : `, ${up} of ${replicas} up`;
      return [
        `${name} is ${state}${count}${ill.length === 0 ? because(reason) : ""}`,
        ...ill.map((instance) => `${instance.instance} is ${instance.state}${because(instance.reason)}`),
      ];
    },
  );
  const problems = [...ofServices, ...(problem === null || state === "left" ? [] : [problem])];
  return { healthy: problems.length === 0, problems };
}

const WELL: ReadonlySet<ServiceStatus["state"]> = new Set(["up", "idle", "stopped"]);
const ILL: ReadonlySet<InstanceStatus["state"]> = new Set(["degraded", "down", "crash-looping"]);

function because(reason: string | null): string {
  return reason === null ? "" : `: ${reason}`;
}
