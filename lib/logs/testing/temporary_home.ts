import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A `$CELL_HOME` of its own for one test; what was set before is set again afterwards. */
export class TemporaryHome implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "cell-test-"));
  readonly #before = process.env["CELL_HOME"];

  constructor() {
    process.env["CELL_HOME"] = this.path;
  }

  /** Where a file of the logs lies. */
  log(name: string): string {
    return join(this.path, "logs", name);
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env["CELL_HOME"];
    else process.env["CELL_HOME"] = this.#before;
    rmSync(this.path, { recursive: true, force: true });
  }
}
