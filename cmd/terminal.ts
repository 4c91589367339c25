import { fstatSync } from "node:fs";

/** File descriptors of the standard streams. */
export const STDOUT = 1;
export const STDERR = 2;

/**
 * A character device counts as a terminal: the one that is none, /dev/null, minds neither colours nor a line that is
 * rewritten, and node:tty's answer would cost 4 ms of every start.
 */
export function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Whether a terminal can move its cursor. */
export function hasCursor(env: Record<string, string | undefined> = process.env): boolean {
  return env["TERM"] !== undefined && env["TERM"] !== "" && env["TERM"] !== "dumb";
}

/** How many columns stdout shows; undefined when it is no terminal: then nothing has to be left out. */
export function stdoutWidth(): number | undefined {
  return isTerminal(STDOUT) && process.stdout.isTTY ? process.stdout.columns : undefined;
}
