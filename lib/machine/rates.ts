import { SECOND } from "../base/mod.ts";
import type { ServiceProcess } from "./processes.ts";

interface Reading {
  readonly pid: number;
  readonly atMs: number;
  readonly calls: number | null;
  readonly cpuMs: number | null;
}

/** Between closer readings the kernel's clock ticks (10 ms) would be all that is seen. */
const INTERVAL_MS_MIN = 100;

/**
 * Calls per second and CPU of the time since the reading before, for somebody who looks again and again. What was not
 * there at the reading before keeps the figures that it came with.
 */
export class Rates {
  #before = new Map<string, Reading>();

  /** The same processes with the figures since the call before; `nowMs` is monotonic. */
  update(processes: readonly ServiceProcess[], nowMs: number): ServiceProcess[] {
    const before = this.#before;
    this.#before = new Map();
    return processes.map((process) => {
      const { instance, pid, calls, cpuMs } = process;
      if (pid === null) return process;
      const last = before.get(instance);
      const isNew = last === undefined || last.pid !== pid;
      const elapsedMs = isNew ? 0 : nowMs - last.atMs;
      if (isNew || elapsedMs < INTERVAL_MS_MIN) {
        this.#before.set(instance, isNew ? { pid, atMs: nowMs, calls, cpuMs } : last);
        return process;
      }
      this.#before.set(instance, { pid, atMs: nowMs, calls, cpuMs });
      return {
        ...process,
        callsPerSecond: rate(calls, last.calls, elapsedMs / SECOND) ?? process.callsPerSecond,
        cpuShare: rate(cpuMs, last.cpuMs, elapsedMs) ?? process.cpuShare,
      };
    });
  }
}

function rate(now: number | null, before: number | null, elapsed: number): number | undefined {
  return now === null || before === null || now < before ? undefined : (now - before) / elapsed;
}
