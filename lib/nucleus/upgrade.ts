import { CellError, SECOND } from "../base/mod.ts";
import { type Claim, home, NUCLEUS, resumeClaim } from "../service/mod.ts";
import { execute, inheritable } from "../sys/mod.ts";
import type { RunNucleusOptions } from "./options.ts";

/** Where the new program finds the lock of the agent's name: the number of an open file. */
export const LOCK_VARIABLE = "CELL_NUCLEUS_LOCK";
/** Whoever wants the agent to end while its program is replaced is heard by the next one. */
export const ENDING_SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** A binary that does not say its version within this time is not executed. */
const VERSION_MS_MAX = 5 * SECOND;
/** This much of what a broken binary says is shown. */
const COMPLAINT_LENGTH_MAX = 500;

let resumedLockFd: number | undefined;

/**
 * Makes sure that the binary at the agent's path runs; returns its version. Throws FAILED_PRECONDITION with what it said.
 */
export async function checkBinary({ versionCommand }: RunNucleusOptions): Promise<string> {
  const [path = ""] = versionCommand;
  let output: string;
  let exitCode: number | null;
  try {
    const child = Bun.spawn([...versionCommand], {
      cwd: home(),
      env: process.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: VERSION_MS_MAX,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    output = (stdout + stderr).trim();
    exitCode = child.exitCode;
  } catch (error) {
    throw refused(path, (error as Error).message, error);
  }
  const [, version] = /^cell (\S+)$/.exec(output) ?? [];
  if (exitCode === 0 && version !== undefined) return version;
  const end = exitCode === null ? `it did not end within ${VERSION_MS_MAX} ms` : `it ended with code ${exitCode}`;
  throw refused(path, `${end}, and said: ${output.slice(0, COMPLAINT_LENGTH_MAX)}`);
}

/**
 * Puts the binary at the agent's path in the place of this program. The pid stays, and with it whoever supervises the
 * agent; the lock of its name stays held throughout; workers are adopted as after a crash. Returns only by throwing, and
 * then this program goes on.
 */
export function executeAgain({ command }: RunNucleusOptions, { lockFd }: Claim): never {
  // A lock that the program before this one has left open stays open for the next one, too.
  const copy = lockFd === resumedLockFd ? undefined : inheritable(lockFd);
  try {
    const env = { ...process.env, [LOCK_VARIABLE]: String(copy?.fd ?? lockFd) };
    return execute({ command, env, ignoredSignals: ["SIGHUP"], heldSignals: ENDING_SIGNALS });
  } finally {
    copy?.close();
  }
}

/** The claim that the program before this one left open; undefined when there was none. */
export function takeClaim(): Claim | undefined {
  const text = process.env[LOCK_VARIABLE];
  // Nothing that this process starts shall take the lock for its own.
  delete process.env[LOCK_VARIABLE];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const claim = resumeClaim(NUCLEUS, Number(text));
  resumedLockFd = claim?.lockFd;
  return claim;
}

/** Whether a claim was taken up from the program before, whose children are this program's now. */
export function isResumed({ lockFd }: Claim): boolean {
  return lockFd === resumedLockFd;
}

function refused(path: string, why: string, cause?: unknown): CellError {
  return new CellError(
    "FAILED_PRECONDITION",
    `executing ${path} anew: asked for its version, ${why}. The agent that runs goes on.`,
    { cause },
  );
}
