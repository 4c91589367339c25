import { readFileSync } from "node:fs";
import { KIB } from "../base/mod.ts";

/** The anonymous memory of a process; undefined where there is no /proc or the process has gone. */
export function privateMemoryBytes(pid: number): number | undefined {
  try {
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * KIB;
  } catch {
    return undefined;
  }
}
