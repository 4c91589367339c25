import { SECOND } from "../base/mod.ts";
import { dialUnix } from "../net/mod.ts";
import { createClient, type MethodStats, type ServerStats } from "../rpc/mod.ts";
import { type Instance, listInstances } from "../service/mod.ts";
import { privateMemoryBytes } from "./memory.ts";

/** An instance that does not give its counters within this time is listed without them. */
const STATS_TIMEOUT_MS = 1 * SECOND;

/** One running instance. What it did not answer is null. */
export interface ServiceProcess {
  service: string;
  pid: number;
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
  const instances = await listInstances();
  return await Promise.all(instances.map(describeInstance));
}

async function describeInstance(instance: Instance): Promise<ServiceProcess> {
  const stats = instance.hello === undefined ? undefined : await statsOf(instance.socket);
  return {
    service: instance.service,
    pid: instance.pid,
    instance: instance.hello?.instance ?? null,
    species: instance.hello?.species ?? null,
    methods: stats === undefined ? null : Object.keys(stats.methods).length,
    uptimeMs: stats?.uptimeMs ?? null,
    connections: stats === undefined ? null : stats.connections - 1,
    inFlight: stats?.inFlight ?? null,
    calls: stats?.calls ?? null,
    errors: stats?.errors ?? null,
    ...latencies(stats),
    memoryBytes: privateMemoryBytes(instance.pid) ?? null,
    socket: instance.socket,
    stats: stats?.methods ?? null,
  };
}

function latencies(stats: ServerStats | undefined): Pick<ServiceProcess, "p50Micros" | "p99Micros"> {
  const called = Object.values(stats?.methods ?? {}).filter((method) => method.calls > 0);
  if (called.length === 0) return { p50Micros: null, p99Micros: null };
  const busiest = called.reduce((most, method) => (method.calls > most.calls ? method : most));
  return { p50Micros: busiest.p50Micros, p99Micros: Math.max(...called.map((method) => method.p99Micros)) };
}

/** An instance's counters; undefined when it does not answer in time. */
async function statsOf(socket: string): Promise<ServerStats | undefined> {
  try {
    const client = createClient(await dialUnix(socket));
    try {
      return await withinTime(client.stats());
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}

async function withinTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STATS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
