import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./until.ts";

/**
 * Ends every process that belongs to a $CELL_HOME: agents and their workers are nobody's children, so they are found by
 * the home that they were started with. The kernel shows that in /proc; elsewhere by the locks that name their pids.
 */
export async function endHome(home: string): Promise<void> {
  // An agent that is killed starts nothing more. A worker that was just started may not be in the list yet, and a program that
  // takes the place of another has no environment for a moment: once is not enough.
  let emptyLooks = 0;
  await until(() => {
    const pids = processesOf(home);
    for (const pid of pids) kill(pid);
    emptyLooks = pids.length === 0 ? emptyLooks + 1 : 0;
    return emptyLooks === 2;
  }, `the processes of ${home} to end`);
}

/** The pids of all processes with this $CELL_HOME, zombies excepted. */
export function processesOf(home: string): number[] {
  if (!existsSync("/proc/self/environ")) return signers(home);
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(`CELL_HOME=${home}`));
}

/** Empty for a process that is not ours, has gone, or is a zombie. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function signers(home: string): number[] {
  const run = join(home, "run");
  if (!existsSync(run)) return [];
  return readdirSync(run).filter((name) => name.endsWith(".lock"))
    .map((name) => Number(/\d+/.exec(readFileSync(join(run, name), "utf8"))?.[0]))
    .filter((pid) => pid > 0 && isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
