import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc/PID/stat per second: what Linux reports to user space on every architecture. */
const TICKS_PER_SECOND = 100;

/** What a process and its descendants have used so far. */
export interface ProcessCosts {
  /** Private memory: RssAnon of /proc/PID/status. */
  privateBytes: number;
  /** User and system time. */
  cpuMs: number;
  /** By thread, how often it gave up or lost its processor: once per wake-up at least. */
  contextSwitches: Map<number, number>;
}

/** Reads /proc, so Linux only. */
export function readCosts(pid: number): ProcessCosts {
  const costs = readOwnCosts(pid);
  for (const child of children(pid)) {
    const more = readCosts(child);
    costs.privateBytes += more.privateBytes;
    costs.cpuMs += more.cpuMs;
    for (const [thread, count] of more.contextSwitches) costs.contextSwitches.set(thread, count);
  }
  return costs;
}

/** Context switches between two readings; those of threads that ended in between are lost. */
export function contextSwitchesSince(before: ProcessCosts, now: ProcessCosts): number {
  let sum = 0;
  for (const [thread, count] of now.contextSwitches) sum += count - (before.contextSwitches.get(thread) ?? 0);
  return sum;
}

/** The same without the descendants. */
export function readOwnCosts(pid: number): ProcessCosts {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const contextSwitches = new Map<number, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    const count = numberOf(text, "voluntary_ctxt_switches") + numberOf(text, "nonvoluntary_ctxt_switches");
    contextSwitches.set(Number(thread), count);
  }
  return {
    privateBytes: numberOf(status, "RssAnon") * 1024,
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    contextSwitches,
  };
}

function numberOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
}

function children(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number)
  );
}
