import { errorCode } from "../../base/mod.ts";
import { processEntry } from "./process_table.ts";

/** Which process is meant: a pid is given to another one some time after its end, with another start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** See `ProcessEntry`; undefined where there is no table of processes. */
  readonly startTicks: number | undefined;
}

/** The process that has a pid now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: processEntry(pid)?.startTicks };
}

/** Asks a process to finish what it does and end; nothing when it has. */
export function askToEnd(process: ProcessIdentity): void {
  if (!isPassedOn(process)) send(process.pid, "SIGTERM");
}

/**
 * Ends everything in the process group of a worker at once: every worker leads a group of its own, with its pid. The
 * kernel gives a number to nobody else while a process or a group has it. So when another process has the pid, nothing is
 * left of the group, and what has the number now is none of ours.
 */
export function killGroup(leader: ProcessIdentity): void {
  if (!isPassedOn(leader)) send(-leader.pid, "SIGKILL");
}

/** Whether another process has the pid by now. */
export function isPassedOn({ pid, startTicks }: ProcessIdentity): boolean {
  const found = startTicks === undefined ? undefined : processEntry(pid);
  return found !== undefined && found.startTicks !== startTicks;
}

/** A process that is gone, or that became another user's, is not ours to signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
