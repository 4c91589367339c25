import { readFileSync } from "node:fs";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

/** A node with a few dozens of instances, each a process with some threads. */
const PROCESSES_MIN = 1024;

/** Whether a process can be started that outlives this one's terminal, as `cell up` and every instance need. */
export const SESSIONS: Check = {
  name: "sessions",
  run: async () => {
    const child = Bun.spawn([process.execPath, "-e", "await Bun.stdin.text()"], {
      detached: true,
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      env: { ...process.env, BUN_BE_BUN: "1" },
    });
    try {
      return examineSession(child.pid, readStat(child.pid));
    } finally {
      child.stdin.end();
      await child.exited;
    }
  },
};

/** How many processes this user may have. */
export const PROCESSES: Check = {
  name: "processes",
  run: () => {
    try {
      return examineProcesses(readFileSync("/proc/self/limits", "utf8"), readPidsMax());
    } catch {
      return ok("the kernel does not tell; `ulimit -u` does");
    }
  },
};

/** The finding for a child with this /proc/PID/stat; undefined where the kernel shows none. */
export function examineSession(pid: number, stat: string | undefined): Finding {
  if (stat === undefined) return ok("processes start in a session of their own");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (Number(group) === pid && Number(session) === pid) return ok("processes start in a session of their own");
  return fail(
    `a child is in session ${session} and group ${group}, not in its own`,
    "something keeps setsid from working, such as a seccomp profile of the container: allow it",
  );
}

/** The finding for a process with these /proc/PID/limits in a control group with this pids.max. */
export function examineProcesses(limits: string, pidsMax: string | undefined): Finding {
  const [, soft = ""] = /^Max processes\s+(\S+)/m.exec(limits) ?? [];
  const found = `${soft}${pidsMax === undefined ? "" : `, pids.max ${pidsMax}`}`;
  if (!isTooFew(soft) && !isTooFew(pidsMax ?? "max")) return ok(found);
  const advice = isTooFew(soft)
    ? `\`ulimit -u ${PROCESSES_MIN}\``
    : "`TasksMax=infinity` in the unit, or a larger pids limit";
  return warn(found, `each instance is a process with some threads: ${advice}`);
}

function isTooFew(limit: string): boolean {
  return /^\d+$/.test(limit) && Number(limit) < PROCESSES_MIN;
}

/** The limit of this process's control group (version 2). */
function readPidsMax(): string | undefined {
  try {
    const [, group = ""] = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8")) ?? [];
    return readFileSync(`/sys/fs/cgroup${group}/pids.max`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}
