import { MINUTE } from "../base/mod.ts";
import { Cooldown } from "./cooldown.ts";

/** The same is said again after this. */
export const QUIET_MS = MINUTE;
/** Subjects that are remembered. */
const SUBJECTS_MAX = 256;

/** A log that others could fill: one line a minute about each subject. */
export class QuietLog {
  readonly #cooldown = new Cooldown(QUIET_MS, SUBJECTS_MAX);

  constructor(private readonly write: (line: string) => void) {}

  say(subject: string, nowMs: number, line: () => string): void {
    if (this.#cooldown.pass(subject, nowMs)) this.write(line());
  }
}
