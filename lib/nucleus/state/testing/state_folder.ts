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

  /** Every file of the folder, as text of its bytes: what must not change when opening fails. */
  contents(): Record<string, string> {
    const names = readdirSync(this.folder).filter((name) => !name.endsWith("-shm")).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(this.folder, name), "latin1")]));
  }

  [Symbol.dispose](): void {
    for (const store of this.#stores) store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
