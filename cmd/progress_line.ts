import { writeSync } from "node:fs";
import { say } from "./stderr.ts";
import { hasCursor, isTerminal, STDERR } from "./terminal.ts";

const CLEAR_LINE = "\r\x1b[K";

/**
 * What is going on, on stderr: one line that is written over on a terminal, a line for everything new elsewhere, so that
 * the log of a script tells what happened.
 */
export class ProgressLine {
  readonly #rewrites: boolean;
  #shown = "";

  constructor(rewrites = isTerminal(STDERR) && process.stderr.isTTY && hasCursor()) {
    this.#rewrites = rewrites;
  }

  /** Shows what is going on now, in the place of what was shown before. */
  update(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    if (!this.#rewrites) return say(text);
    write(CLEAR_LINE + cut(text, process.stderr.columns || 80));
  }

  /** Leaves the terminal as if there had been no progress, for what is said next. */
  clear(): void {
    if (this.#rewrites && this.#shown !== "") write(CLEAR_LINE);
    this.#shown = "";
  }
}

/** A line that wraps could not be written over. */
function cut(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}

function write(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // There is nobody left to tell.
  }
}
