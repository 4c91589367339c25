import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenOptions, StateStore } from "../mod.ts";

/** An empty folder with a place for a state; `using` closes the stores that were opened in it and removes it. */
export class StateFolder implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  readonly path = join(this.folder, "state.db");
  readonly #stores: StateStore[] = [];

  open(options?: OpenOptions): StateStore {
    const store = StateStore.open(this.path, options);
    this.#stores.push(store);
    return store;
  }

  /** A hash of every file that holds something: what must not change when opening fails. */
  contents(): Record<string, string> {
    const names = readdirSync(this.folder).filter((name) => !name.endsWith("-shm")).sort();
    const files = names.map((name) => [name, readFileSync(join(this.folder, name))] as const);
    // Looking at a database leaves an empty log behind.
    const kept = files.filter(([name, bytes]) => bytes.length > 0 || !name.endsWith("-wal"));
    return Object.fromEntries(kept.map(([name, bytes]) => [name, Bun.hash(bytes).toString()]));
  }

  [Symbol.dispose](): void {
    for (const store of this.#stores) store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
