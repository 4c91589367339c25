import { readFileSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { MIB } from "../../base/mod.ts";
import { type Check, type Finding, ok, warn } from "../check.ts";

/** A service and the type checker beside each other fit into this. */
const FREE_BYTES_MIN = 128 * MIB;
/** A server's connections, and some files of its own. */
const FILE_DESCRIPTORS_MIN = 1280;

/** How many cores there are; one is enough. */
export const CORES: Check = {
  name: "cores",
  run: () => {
    const cores = availableParallelism();
    return ok(cores === 1 ? "1 core: calls never spin" : `${cores} cores`);
  },
};

/** Whether a service and the type checker fit into memory. */
export const MEMORY: Check = {
  name: "memory",
  run: () => {
    const found = `${Math.round(availableBytes() / MIB)} MiB available of ${Math.round(totalmem() / MIB)} MiB`;
    return availableBytes() >= FREE_BYTES_MIN ? ok(found) : warn(found, "stop something, or add swap");
  },
};

/** Whether a server may hold as many connections as it accepts. */
export const FILE_DESCRIPTORS: Check = {
  name: "file descriptors",
  run: () => {
    try {
      return examineFileDescriptors(readFileSync("/proc/self/limits", "utf8"));
    } catch {
      return ok("the kernel does not tell; `ulimit -n` does");
    }
  },
};

/** The finding for a process with these /proc/PID/limits. */
export function examineFileDescriptors(limits: string): Finding {
  const [, soft = "", hard = ""] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  const found = `${soft} (hard limit ${hard})`;
  if (soft === "unlimited" || Number(soft) >= FILE_DESCRIPTORS_MIN) return ok(found);
  return warn(found, `\`ulimit -n ${FILE_DESCRIPTORS_MIN}\` before \`cell run\`, or a service refuses callers early`);
}

/** What the kernel could hand out without swapping; free memory alone leaves out its caches. */
function availableBytes(): number {
  try {
    const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
    return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  } catch {
    return freemem();
  }
}
