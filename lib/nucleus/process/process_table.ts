import { readdirSync, readFileSync } from "node:fs";
import { uptime } from "node:os";
import { errorCode, MS, SECOND } from "../../base/mod.ts";
import { INSTANCE_VARIABLE } from "./environment.ts";

/** The unit of times in /proc: USER_HZ is 100 on every platform that a binary is built for. */
const TICK_MS = 10 * MS;

/** What the kernel says of a process (proc_pid_stat(5)). */
export interface ProcessEntry {
  readonly pid: number;
  readonly isZombie: boolean;
  /** The process group, which has the pid of its leader. */
  readonly group: number;
  /** The session, which has the pid of its leader. */
  readonly session: number;
  /** Since it started, whatever was done to the clock. */
  readonly ageMs: number;
  /** When it started, in ticks since the machine did: with the pid it names a process for ever. */
  readonly startTicks: number;
}

/** A process that an instance's worker is or has started. */
export interface InstanceProcess extends ProcessEntry {
  /** SERVICE@NUMBER */
  readonly instance: string;
  readonly command: readonly string[];
}

/** A process's entry; undefined when there is none, or no table that can be read (outside of Linux). */
export function processEntry(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is a name in parentheses that may hold anything; what follows it starts with the third.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => fields[number - 3] ?? "";
  const startTicks = Number(field(22));
  const ageMs = Math.max(0, uptime() * SECOND - startTicks * TICK_MS);
  return { pid, isZombie: field(3) === "Z", group: Number(field(5)), session: Number(field(6)), ageMs, startTicks };
}

/** Whether the process that had `pid` and `startTicks` still runs; without `startTicks` whether any has the pid. */
export function isRunning(pid: number, startTicks: number | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
  }
  const entry = processEntry(pid);
  return entry === undefined || !entry.isZombie && (startTicks === undefined || entry.startTicks === startTicks);
}

/**
 * Whether a process can be the worker of an instance. One whose environment cannot be looked at can: it is another user's
 * and safe from us, or has ended.
 */
export function mayBeWorkerOf(instance: string, pid: number): boolean {
  const variables = strings(`/proc/${pid}/environ`);
  return variables.length === 0 || variables.includes(`${INSTANCE_VARIABLE}=${instance}`);
}

/** Every process of this user that carries an instance's name and this home in its environment. */
export function instanceProcesses(home: string): InstanceProcess[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name)).map(Number).flatMap((pid) => {
    if (pid === process.pid) return [];
    const variables = strings(`/proc/${pid}/environ`);
    if (!variables.includes(`CELL_HOME=${home}`)) return [];
    const instance = variables.find((text) => text.startsWith(`${INSTANCE_VARIABLE}=`));
    const entry = processEntry(pid);
    if (instance === undefined || entry === undefined) return [];
    const command = strings(`/proc/${pid}/cmdline`);
    return [{ ...entry, instance: instance.slice(INSTANCE_VARIABLE.length + 1), command }];
  });
}

/** What the kernel shows as strings that end in a zero; none for a process of somebody else, or one that has gone. */
function strings(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}
