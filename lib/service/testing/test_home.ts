import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** An empty home and an empty folder for one test; `await using` removes both and puts $CELL_HOME back. */
export class TestHome implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cell-service-"));
  readonly home = join(this.folder, "home");
  readonly #saved = process.env["CELL_HOME"];
  readonly #cleanups: (() => unknown)[] = [];

  constructor() {
    process.env["CELL_HOME"] = this.home;
  }

  /** Writes a file below the folder; returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs `cleanup` at the end, the last one first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    if (this.#saved === undefined) delete process.env["CELL_HOME"];
    else process.env["CELL_HOME"] = this.#saved;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
