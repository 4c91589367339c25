import { errorCode } from "./error_code.ts";

/** Asks a process to finish what it does and end; nothing when it has. */
export function askToEnd(pid: number): void {
  send(pid, "SIGTERM");
}

/** Ends everything in the process group of a worker at once: every worker leads a group of its own, with its pid. */
export function killGroup(pid: number): void {
  send(-pid, "SIGKILL");
}

/** A process that is gone, or that became another user's, is not ours to signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
