import { SECOND } from "../base/mod.ts";
import type { InstanceLoad } from "../nucleus/client/mod.ts";
import type { ServerStats } from "../rpc/mod.ts";
import { privateMemoryBytes } from "./private_memory.ts";

const MICROS_PER_MS = 1000;

/** Measures what an instance does between one heartbeat and the next. */
export class LoadMeter {
  #at = performance.now();
  #cpu = process.cpuUsage();
  #calls = 0;

  /** The load since the last time; `lateMs` is how late this measurement is. */
  measure({ inFlight, calls, errors, methods }: ServerStats, lateMs: number): InstanceLoad {
    const now = performance.now();
    const elapsedMs = Math.max(1, now - this.#at);
    const cpu = process.cpuUsage();
    const usedMicros = cpu.user - this.#cpu.user + cpu.system - this.#cpu.system;
    const newCalls = calls - this.#calls;
    this.#at = now;
    this.#cpu = cpu;
    this.#calls = calls;
    return {
      inFlight,
      calls,
      errors,
      callsPerSecond: newCalls / (elapsedMs / SECOND),
      ...latencies(methods),
      memoryBytes: privateMemoryBytes(),
      cpuShare: usedMicros / (elapsedMs * MICROS_PER_MS),
      eventLoopLagMs: Math.max(0, lateMs),
    };
  }
}

/** The busiest method's median and the slowest method's 99th percentile. */
function latencies(methods: ServerStats["methods"]): Pick<InstanceLoad, "p50Micros" | "p99Micros"> {
  const called = Object.values(methods).filter(({ calls }) => calls > 0);
  if (called.length === 0) return { p50Micros: null, p99Micros: null };
  const busiest = called.reduce((best, method) => method.calls > best.calls ? method : best);
  return { p50Micros: busiest.p50Micros, p99Micros: Math.max(...called.map(({ p99Micros }) => p99Micros)) };
}
