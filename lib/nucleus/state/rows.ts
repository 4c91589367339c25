import { DamagedRow } from "./checksum.ts";
import type { StoredRelease, StoredService } from "./stored.ts";
import type { ReleaseRow, ServiceRow } from "./tables.ts";

/** A service as it is stored. */
export function rowOf(service: Omit<StoredService, "releases">, lastRelease: number): ServiceRow {
  return {
    name: service.name,
    replicas: service.replicas,
    min_replicas: service.minReplicas,
    max_replicas: service.maxReplicas ?? null,
    idle_ms: service.idleMs,
    cpu_target: service.cpuTarget ?? null,
    stopped: Number(service.stopped),
    created_at: service.createdAt.getTime(),
    last_release: lastRelease,
    failure: service.failure ?? null,
  };
}

/** A service from its row, whose checksum was right. */
export function serviceOf(row: ServiceRow, releases: readonly StoredRelease[]): StoredService {
  return {
    name: row.name,
    replicas: row.replicas,
    minReplicas: row.min_replicas,
    maxReplicas: row.max_replicas ?? undefined,
    idleMs: row.idle_ms,
    cpuTarget: row.cpu_target ?? undefined,
    stopped: row.stopped !== 0,
    createdAt: new Date(row.created_at),
    releases,
    failure: row.failure ?? undefined,
  };
}

/** A release from its row, whose checksum was right. */
export function releaseOf(row: ReleaseRow): StoredRelease {
  const { role } = row;
  if (role !== "active" && role !== "candidate") {
    throw new DamagedRow(`release ${row.number} of ${row.service} has the role ${role}`);
  }
  return {
    number: row.number,
    package: row.package,
    species: row.species,
    env: JSON.parse(row.env) as StoredRelease["env"],
    role,
    parallel: row.parallel !== 0,
    observeMs: row.observe_ms,
    createdAt: new Date(row.created_at),
  };
}
