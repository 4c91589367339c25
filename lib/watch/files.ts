import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MS } from "../base/mod.ts";

/** Saving all files of an editor, or checking out a branch, is one change. */
const SETTLE_MS = 50 * MS;
/** Folders that are watched at once; a service whose files lie in more is watched in its first ones. */
const FOLDERS_MAX = 256;

/** Tells when one of a set of files changes, appears or goes. The set may be replaced at any time. */
export class FileWatcher {
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #names = new Map<string, Set<string>>();
  #timer: Timer | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches these files from now on, and no others. */
  watch(files: Iterable<string>): void {
    this.#names = namesByFolder(files);
    for (const [folder, watcher] of this.#watchers) {
      if (this.#names.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of this.#names.keys()) this.#watchFolder(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchFolder(folder: string): void {
    if (this.#watchers.has(folder) || this.#watchers.size >= FOLDERS_MAX) return;
    try {
      const watcher = watch(folder, (_, name) => {
        // Without a name anything may have changed.
        if (name === null || this.#names.get(folder)?.has(name)) this.#changed();
      });
      // A folder that is removed ends its watching; the next start finds out what that means.
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // The folder has gone; a service that needs it says so when it starts.
    }
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, SETTLE_MS);
  }
}

function namesByFolder(files: Iterable<string>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = dirname(resolve(file));
    const names = folders.get(folder);
    if (names === undefined) folders.set(folder, new Set([basename(file)]));
    else names.add(basename(file));
  }
  return folders;
}
