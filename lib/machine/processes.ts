import { SECOND } from "../base/mod.ts";
import type { InstanceState, InstanceStatus } from "../nucleus/client/mod.ts";
import type { MethodStats, ServerStats } from "../rpc/mod.ts";
import type { Instance } from "../service/mod.ts";
import { cpuTimeMs, privateMemoryBytes } from "./process_usage.ts";

/** Where a process is in its life; "silent" when nobody looks after it and it does not answer. */
export type ProcessState = InstanceState | "silent";

/** One instance, running or wanted. What nobody could say is null. */
export interface ServiceProcess {
  service: string;
  /** SERVICE@NUMBER of a deployed instance, else the service's name. */
  instance: string;
  number: number | null;
  release: number | null;
  pid: number | null;
  state: ProcessState;
  /** Why, where the state alone does not say. */
  reason: string | null;
  species: string | null;
  methods: number | null;
  uptimeMs: number | null;
  /** How often the agent started it again. */
  restarts: number;
  connections: number | null;
  inFlight: number | null;
  calls: number | null;
  errors: number | null;
  /** Over the last heartbeat interval; of a process that the agent does not know, since it started. */
  callsPerSecond: number | null;
  /** The median of the method that is called most; null before the first call. */
  p50Micros: number | null;
  /** The 99th percentile of the slowest method; null before the first call. */
  p99Micros: number | null;
  /** Anonymous memory of the process alone. */
  memoryBytes: number | null;
  /** Share of one core, over the same time as `callsPerSecond`. */
  cpuShare: number | null;
  /** CPU time since it started. */
  cpuMs: number | null;
  /** How late the timer of its last heartbeat fired. */
  eventLoopLagMs: number | null;
  /** Null while no process exists. */
  socket: string | null;
  stats: { [method: string]: MethodStats } | null;
}

/** What the kernel counts of a process. */
export interface Usage {
  memoryBytes: number | undefined;
  cpuMs: number | undefined;
}

/** What /proc says of a process. */
export function usageOf(pid: number): Usage {
  return { memoryBytes: privateMemoryBytes(pid), cpuMs: cpuTimeMs(pid) };
}

/**
 * One list of what was found by the locks and what the agent says: a process that lives is described by itself and by the
 * kernel, its state by whoever looks after it. Sorted by service and number.
 */
export function mergeProcesses(
  found: readonly Instance[],
  statuses: readonly InstanceStatus[],
  usage: (pid: number) => Usage = usageOf,
): ServiceProcess[] {
  const live = new Map(found.map((instance) => [instance.instance, instance]));
  const known = new Map(statuses.map((status) => [status.instance, status]));
  const names = new Set([...live.keys(), ...known.keys()]);
  return [...names].map((name) => describe(live.get(name), known.get(name), usage)).sort(inOrder);
}

function describe(
  live: Instance | undefined,
  known: InstanceStatus | undefined,
  usage: (pid: number) => Usage,
): ServiceProcess {
  const { hello, stats } = live?.answer ?? {};
  const load = known?.load ?? undefined;
  const pid = live?.pid ?? known?.pid ?? null;
  const { memoryBytes, cpuMs } = pid === null ? {} as Partial<Usage> : usage(pid);
  const uptimeMs = stats?.uptimeMs ?? known?.uptimeMs ?? null;
  const lifeSeconds = stats === undefined ? undefined : Math.max(stats.uptimeMs, 1) / SECOND;
  return {
    service: known?.service ?? live!.service,
    instance: known?.instance ?? live!.instance,
    number: known?.number ?? live?.number ?? null,
    release: known?.release ?? live?.release ?? null,
    pid,
    state: known?.state ?? stateOf(stats),
    reason: known?.reason ?? null,
    // The agent does not know the species of what has never come up.
    species: hello?.species ?? live?.species ?? (known?.species || null),
    methods: stats === undefined ? null : Object.keys(stats.methods).length,
    uptimeMs,
    restarts: known?.restarts ?? 0,
    // The connection that asked is one of them.
    connections: stats === undefined ? null : Math.max(0, stats.connections - 1),
    inFlight: stats?.inFlight ?? load?.inFlight ?? null,
    calls: stats?.calls ?? load?.calls ?? null,
    errors: stats?.errors ?? load?.errors ?? null,
    callsPerSecond: load?.callsPerSecond ?? perSecond(stats?.calls, lifeSeconds),
    ...(stats === undefined && load !== undefined
      ? { p50Micros: load.p50Micros, p99Micros: load.p99Micros }
      : latencies(stats)),
    memoryBytes: memoryBytes ?? load?.memoryBytes ?? null,
    cpuShare: load?.cpuShare ?? perSecond(cpuMs === undefined ? undefined : cpuMs / SECOND, lifeSeconds),
    cpuMs: cpuMs ?? null,
    eventLoopLagMs: load?.eventLoopLagMs ?? null,
    socket: live?.socket ?? null,
    stats: stats?.methods ?? null,
  };
}

function stateOf(stats: ServerStats | undefined): ProcessState {
  if (stats === undefined) return "silent";
  return stats.draining ? "draining" : "up";
}

function perSecond(amount: number | undefined, seconds: number | undefined): number | null {
  return amount === undefined || seconds === undefined ? null : amount / seconds;
}

function latencies(stats: ServerStats | undefined): Pick<ServiceProcess, "p50Micros" | "p99Micros"> {
  const called = Object.values(stats?.methods ?? {}).filter((method) => method.calls > 0);
  if (called.length === 0) return { p50Micros: null, p99Micros: null };
  const busiest = called.reduce((most, method) => (method.calls > most.calls ? method : most));
  return { p50Micros: busiest.p50Micros, p99Micros: Math.max(...called.map((method) => method.p99Micros)) };
}

function inOrder(a: ServiceProcess, b: ServiceProcess): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return (a.number ?? 0) - (b.number ?? 0);
}
