import type { MethodStats, ServerStats } from "../rpc/mod.ts";
import { type Instance, listInstances } from "../service/mod.ts";
import { privateMemoryBytes } from "./memory.ts";

/** One running instance. What it did not answer is null. */
export interface ServiceProcess {
  service: string;
  pid: number | null;
  instance: string | null;
  species: string | null;
  methods: number | null;
  uptimeMs: number | null;
  connections: number | null;
  inFlight: number | null;
  calls: number | null;
  errors: number | null;
  /** The median of the method that is called most; null before the first call. */
  p50Micros: number | null;
  /** The 99th percentile of the slowest method; null before the first call. */
  p99Micros: number | null;
  /** Anonymous memory of the process alone; null where the kernel does not tell. */
  memoryBytes: number | null;
  socket: string;
  stats: { [method: string]: MethodStats } | null;
}

/** Every live instance on this machine with its counters, sorted by service. */
export async function listProcesses(): Promise<ServiceProcess[]> {
  return (await listInstances()).map(describeInstance);
}

function describeInstance({ service, pid, socket, answer }: Instance): ServiceProcess {
  const { hello, stats } = answer ?? {};
  return {
    service,
    pid: pid ?? null,
    instance: hello?.instance ?? null,
    species: hello?.species ?? null,
    methods: stats === undefined ? null : Object.keys(stats.methods).length,
    uptimeMs: stats?.uptimeMs ?? null,
    // The connection that asked is one of them.
    connections: stats === undefined ? null : stats.connections - 1,
    inFlight: stats?.inFlight ?? null,
    calls: stats?.calls ?? null,
    errors: stats?.errors ?? null,
    ...latencies(stats),
    memoryBytes: (pid === undefined ? undefined : privateMemoryBytes(pid)) ?? null,
    socket,
    stats: stats?.methods ?? null,
  };
}

function latencies(stats: ServerStats | undefined): Pick<ServiceProcess, "p50Micros" | "p99Micros"> {
  const called = Object.values(stats?.methods ?? {}).filter((method) => method.calls > 0);
  if (called.length === 0) return { p50Micros: null, p99Micros: null };
  const busiest = called.reduce((most, method) => (method.calls > most.calls ? method : most));
  return { p50Micros: busiest.p50Micros, p99Micros: Math.max(...called.map((method) => method.p99Micros)) };
}
