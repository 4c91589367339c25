import { readdirSync, readFileSync } from "node:fs";

/** What a process has done so far, as the kernel counts it. */
export interface ProcessTime {
  /** CPU time of all threads, in hundredths of a second. */
  ticks: number;
  /** How often the main thread went to sleep by itself: every wake-up is followed by one. */
  sleeps: number;
}

/** Reads /proc/PID/stat and the main thread's status (proc(5)). */
export function timeOf(pid: number): ProcessTime {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, "utf8");
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    sleeps: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)![1]),
  };
}

/** CPU time of all threads, as finely as the scheduler counts it. */
export function cpuMicrosOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    try {
      const [nanos] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      return sum + Number(nanos) / 1000;
    } catch {
      // It has ended.
      return sum;
    }
  }, 0);
}
