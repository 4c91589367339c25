import { MS } from "../../base/mod.ts";
import { dialUnix } from "../../net/mod.ts";
import { createClient } from "../../rpc/mod.ts";
import { reapChild } from "../../sys/mod.ts";
import type { ExitStatus } from "../core/mod.ts";
import { isRunning, processEntry } from "./process_table.ts";

/** How often a process is looked at that holds no connection: one that starts, or one that ends. */
const POLL_MS = 100 * MS;
const UNSEEN: ExitStatus = { code: null, signal: null };

/**
 * Waits for the end of a process that this program did not start: its connection closes then. Costs nothing while the
 * connection is there. The status is known where the process is a child nevertheless, because the program that this
 * process executed before had started it.
 */
export async function adoptedEnd(pid: number, socket: string): Promise<ExitStatus> {
  const startTicks = processEntry(pid)?.startTicks;
  for (;;) {
    const status = statusOf(pid, startTicks);
    if (status !== "running") return status;
    await connectionLost(socket, pid);
    await Bun.sleep(POLL_MS);
  }
}

/** How a process ended that may or may not be a child. */
function statusOf(pid: number, startTicks: number | undefined): ExitStatus | "running" {
  const status = reapChild(pid);
  if (status === "foreign") return isRunning(pid, startTicks) ? "running" : UNSEEN;
  return status;
}

/** Connects to a process and resolves when the connection is gone; at once when there is none to be had. */
async function connectionLost(socket: string, pid: number): Promise<void> {
  try {
    const client = createClient(await dialUnix(socket));
    const { pid: found } = await client.hello();
    // The name may have gone to a successor: then the process that is waited for gives no connections any more.
    if (found !== pid) return await client.close();
    await client.closed;
  } catch {
    return;
  }
}
