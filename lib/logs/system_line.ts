import { closeSync, constants, openSync, writeSync } from "node:fs";
import { cutLine } from "./cut_line.ts";
import { linePrefix } from "./log_line.ts";
import { logPaths } from "./log_paths.ts";

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
const LOG_MODE = 0o600;

/**
 * Adds a note of the node, such as "exited with code 1", to an instance's log, whether the instance runs or not. False
 * when that failed, for instance because the disk is full: no reason to stop what the note is about.
 */
export function appendSystemLine(instance: string, message: string): boolean {
  const prefix = linePrefix(Date.now(), "system");
  const text = message.split("\n").map((line) => `${prefix}${cutLine(line, 0, line.length)}\n`).join("");
  try {
    const fd = openSync(logPaths(instance).current, APPEND, LOG_MODE);
    try {
      return writeSync(fd, text) === Buffer.byteLength(text);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
