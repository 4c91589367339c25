import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CellError } from "../base/mod.ts";

/**
 * Writes a file of ours unless it has this content already. Readers see the old or the new content, never a part: two
 * checks may run at once.
 */
export function writeIfChanged(path: string, text: string): void {
  if (readIfThere(path) === text) return;
  const partial = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(partial, text);
    renameSync(partial, path);
  } catch (error) {
    throw new CellError("FAILED_PRECONDITION", `writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
