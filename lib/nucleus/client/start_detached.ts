import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { CellError, KIB, MS } from "../../base/mod.ts";
import { home, logsDirectory } from "../../service/mod.ts";
import type { NodeStatus } from "./api.ts";
import { askStatus } from "./nucleus_client.ts";

const LOG_MODE = 0o600;
/** How often an agent that starts is looked for. */
const POLL_MS = 10 * MS;
/** This much of what an agent wrote before it died is shown. */
const COMPLAINT_BYTES_MAX = 4 * KIB;

/** An agent that was started and may not answer yet. */
export interface StartedNucleus {
  readonly pid: number;
  /** Whether it has ended already. */
  hasEnded(): boolean;
  /** The end of what it has written since it was started. */
  output(): string;
}

/**
 * Starts the agent in a session of its own, so that it outlives the terminal: `command` is what runs it in the
 * foreground. What it prints is appended to `logs/nucleus.log`.
 */
export function startDetached(command: readonly string[]): StartedNucleus {
  const path = join(logsDirectory(), "nucleus.log");
  const log = openSync(path, "a", LOG_MODE);
  try {
    const { size } = fstatSync(log);
    const child = Bun.spawn([...command], {
      cwd: "/",
      // In the folder that it runs in, a relative path would be another home.
      env: { ...process.env, CELL_HOME: home() },
      stdin: "ignore",
      stdout: log,
      stderr: log,
      detached: true,
    });
    child.unref();
    return {
      pid: child.pid,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      output: () => textFrom(path, size),
    };
  } finally {
    closeSync(log);
  }
}

/**
 * Waits until the agent answers. Throws FAILED_PRECONDITION with the agent's own words when `started` has ended and no
 * other one answers, DEADLINE_EXCEEDED when nobody does in time.
 */
export async function awaitNucleus(timeoutMs: number, started?: StartedNucleus): Promise<NodeStatus> {
  const startedAt = performance.now();
  for (;;) {
    const hasEnded = started?.hasEnded() === true;
    const remainingMs = timeoutMs - (performance.now() - startedAt);
    try {
      return await askStatus(Math.max(1, remainingMs));
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== "UNAVAILABLE") throw error;
      if (hasEnded) throw new CellError("FAILED_PRECONDITION", `starting the nucleus: it ended. ${started!.output()}`);
      if (remainingMs <= 0) {
        throw new CellError("DEADLINE_EXCEEDED", `the nucleus did not answer within ${timeoutMs} ms`, { cause: error });
      }
      await Bun.sleep(POLL_MS);
    }
  }
}

/** The end of a file from an offset on; everything when it has been rotated since. */
function textFrom(path: string, offset: number): string {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const start = Math.max(size < offset ? 0 : offset, size - COMPLAINT_BYTES_MAX);
    const bytes = new Uint8Array(size - start);
    return new TextDecoder().decode(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start))).trim();
  } finally {
    closeSync(fd);
  }
}
