import { readFileSync } from "node:fs";
import { KIB, SECOND } from "../base/mod.ts";

/** The unit of CPU times in /proc is 1/100 s on every architecture that Linux shows it to user space on (USER_HZ). */
const TICK_MS = SECOND / 100;

/** The anonymous memory of a process; undefined where there is no /proc or the process has gone. */
export function privateMemoryBytes(pid: number): number | undefined {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(processFile(pid, "status")) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * KIB;
}

/** CPU time that a process has used since it started; undefined where there is no /proc or the process has gone. */
export function cpuTimeMs(pid: number): number | undefined {
  return cpuTimeOf(processFile(pid, "stat"));
}

/** utime and stime of a /proc/PID/stat (proc(5)). The name before them may hold blanks and parentheses itself. */
export function cpuTimeOf(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
}

function processFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
