import { readFileSync } from "node:fs";
import { KIB } from "../base/mod.ts";

/** The anonymous memory of this process; what is resident where there is no /proc. */
export function privateMemoryBytes(): number {
  try {
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * KIB;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss();
}
