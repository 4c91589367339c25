import { writeSync } from "node:fs";

const STDERR_FD = 2;

/**
 * Writes a line for people. The console would do, but on a terminal the runtime paints its errors red, all of them, and
 * `process.stderr` takes milliseconds to make. A reader that has gone, or does not keep up, misses the line.
 */
export function say(line: string): void {
  try {
    writeSync(STDERR_FD, `${line}\n`);
  } catch {
    // There is nobody left to tell.
  }
}
