import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the kernel says about a process in /proc. */
export interface ProcessFacts {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** One letter: R, S, T for stopped, Z for a zombie. */
  state: string;
}

/** Whether the kernel shows processes in files. */
export const HAS_PROC = process.platform === "linux";

/** Undefined when there is no such process. */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may contain anything.
    const [state = "", parent, group, session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid, state, parent: Number(parent), group: Number(group), session: Number(session) };
  } catch {
    return undefined;
  }
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  if (HAS_PROC) return !["Z", "X", undefined].includes(factsOf(pid)?.state);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The children of a process, zombies included. */
export function childrenOf(parent: number): ProcessFacts[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((name) => factsOf(Number(name)))
    .filter((facts) => facts !== undefined).filter((facts) => facts.parent === parent);
}

/** The children of a process that have ended and that nobody has waited for. */
export function zombiesOf(parent: number): ProcessFacts[] {
  return childrenOf(parent).filter(({ state }) => state === "Z");
}

/** What a descriptor of a process is open on: a path, "pipe:[1]" or "socket:[1]". */
export function openFile(pid: number, descriptor: number): string {
  return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
}

/** Memory that only this process uses. */
export function privateBytesOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)]
    .reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}
