import { MS } from "../../base/mod.ts";
import { dialUnix } from "../../net/mod.ts";
import { createClient } from "../../rpc/mod.ts";
import { reapChild } from "../../sys/mod.ts";
import type { ExitStatus } from "../core/mod.ts";
import { isRunning } from "./process_table.ts";
import { isPassedOn, type ProcessIdentity } from "./signal.ts";

/** How often a process is looked at that holds no connection: one that starts, or one that ends. */
const POLL_MS = 100 * MS;
const UNSEEN: ExitStatus = { code: null, signal: null };

/**
 * Waits for the end of a process that this program did not start: its connection closes then. Costs nothing while the
 * connection is there. The status is known where the process is a child nevertheless, because the program that this
 * process executed before had started it.
 */
export async function adoptedEnd(worker: ProcessIdentity, socket: string): Promise<ExitStatus> {
  for (;;) {
    const status = statusOf(worker);
    if (status !== "running") return status;
    await connectionLost(socket, worker.pid);
    await Bun.sleep(POLL_MS);
  }
}

/** How a process ended that may or may not be a child. */
function statusOf(worker: ProcessIdentity): ExitStatus | "running" {
  // Somebody else's child, or one of the runtime's.
  if (isPassedOn(worker)) return UNSEEN;
  const status = reapChild(worker.pid);
  if (status === "foreign") return isRunning(worker.pid, worker.startTicks) ? "running" : UNSEEN;
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
