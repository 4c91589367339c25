import { MINUTE } from "../base/mod.ts";
import { Cooldown } from "./cooldown.ts";

/** The same is said again after this. */
export const QUIET_MS = MINUTE;
/** Subjects that are remembered. */
const SUBJECTS_MAX = 256;
/** Lines in `QUIET_MS`, of all subjects together: a hostile member thinks up as many of those as it likes. */
export const LINES_MAX = 60;

/** A log that others could fill: one line a minute about each subject, and a bounded number about all. */
export class QuietLog {
  readonly #cooldown = new Cooldown(QUIET_MS, SUBJECTS_MAX);
  #fromMs = -Infinity;
  #lines = 0;

  constructor(private readonly write: (line: string) => void) {}

  say(subject: string, nowMs: number, line: () => string): void {
    if (!this.#cooldown.pass(subject, nowMs)) return;
    if (nowMs - this.#fromMs >= QUIET_MS) this.#beginMinute(nowMs);
    if (++this.#lines <= LINES_MAX) this.write(line());
  }

  #beginMinute(nowMs: number): void {
    const leftOut = this.#lines - LINES_MAX;
    if (leftOut > 0) this.write(`${leftOut} lines about other nodes were left out`);
    this.#fromMs = nowMs;
    this.#lines = 0;
  }
}
