import { statSync } from "node:fs";
import { SECOND } from "../base/mod.ts";

/**
 * A change leaves no trace in the time of a directory that was changed just before: file systems count in steps, of two
 * seconds at most. What was found so soon after a change is not remembered.
 */
export const SETTLED_MS = 2 * SECOND;
/** Of more things than this everything is forgotten; it is found again. */
const KEYS_MAX = 256;

/** Remembers what was found in a directory until something comes to it, goes from it or is renamed in it. */
export class DirectoryMemory<T> {
  readonly #found = new Map<string, T>();
  #state = "";

  /** `now` is the time of day, which file systems have, too. */
  constructor(private readonly now: () => number = Date.now) {}

  /** What `look` found in the directory at `path` for `key`. Throws what it throws, and when there is no directory. */
  recall(path: string, key: string, look: () => T): T {
    const { dev, ino, mtimeMs } = statSync(path);
    const state = `${dev} ${ino} ${mtimeMs}`;
    // A time to come is one of a clock that was set back: then nobody knows how old it is.
    const ageMs = this.now() - mtimeMs;
    if (state !== this.#state || ageMs < SETTLED_MS || this.#found.size > KEYS_MAX) this.#found.clear();
    this.#state = state;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    // What changes from here on changes the time, too: it is old.
    const found = look();
    if (ageMs >= SETTLED_MS) this.#found.set(key, found);
    return found;
  }
}
