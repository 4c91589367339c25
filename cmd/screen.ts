import { writeSync } from "node:fs";
import { STDOUT } from "./terminal.ts";

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";
/** What a terminal has that tells nothing about itself. */
const SIZE_DEFAULT = { width: 80, height: 24 };

/**
 * The terminal's other screen, without a cursor, and its keys as they are pressed. `close` gives everything back; so does
 * the end of the process, whatever ends it short of SIGKILL.
 */
export class Screen implements Disposable {
  #shown: readonly string[] = [];
  #isOpen = true;
  readonly #close = (): void => this.close();

  constructor(onKeys: (text: string) => void) {
    process.on("exit", this.#close);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.setEncoding("utf8");
      process.stdin.on("data", onKeys);
    }
    this.#write(ENTER);
  }

  /** In columns and rows. */
  get size(): { width: number; height: number } {
    return {
      width: process.stdout.columns || SIZE_DEFAULT.width,
      height: process.stdout.rows || SIZE_DEFAULT.height,
    };
  }

  /** Shows lines that fit; only those that changed are sent. */
  draw(lines: readonly string[]): void {
    let text = "";
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      if (lines[row] !== this.#shown[row]) text += `\x1b[${row + 1};1H${lines[row] ?? ""}\x1b[K`;
    }
    this.#shown = lines;
    this.#write(text);
  }

  /** Forgets what is shown: a terminal that was resized, or shown something else, is drawn anew. */
  clear(): void {
    this.#shown = [];
    this.#write("\x1b[2J");
  }

  /** Leaves the terminal as it was. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#close);
    this.#write(LEAVE);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(false);
      process.stdin.pause();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A terminal that has gone is noticed by the signal that comes with it. */
  #write(text: string): void {
    for (let rest = Buffer.from(text); rest.length > 0;) {
      try {
        rest = rest.subarray(writeSync(STDOUT, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      }
    }
  }
}
