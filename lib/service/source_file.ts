import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { CellError, didYouMean, errorCode } from "../base/mod.ts";

/** What the runtime can load as a module and the schema reader can read. */
const EXTENSIONS: readonly string[] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];

/** The absolute path of a source file. Throws INVALID_ARGUMENT when it is not there or cannot be one. */
export function sourceFile(file: string): string {
  const path = resolve(file);
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw refused(file, (error as Error).message, error);
    const near = didYouMean(basename(path), sourcesIn(dirname(path)));
    throw refused(file, `there is no such file.${near}`, error);
  }
  if (isDirectory) {
    const [example] = sourcesIn(path);
    const advice = example === undefined ? "" : ` Did you mean ${resolve(path, example)}?`;
    throw refused(file, `it is a folder. Name a file in it.${advice}`);
  }
  if (!EXTENSIONS.includes(extname(path))) {
    throw refused(file, `it is no TypeScript file: its name ends with none of ${EXTENSIONS.join(" ")}`);
  }
  if (path.includes("?")) throw refused(file, "its path has a question mark in it, with which no module can be loaded");
  return path;
}

function sourcesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => EXTENSIONS.includes(extname(name)) && !name.endsWith(".d.ts")).sort();
  } catch {
    return [];
  }
}

function refused(file: string, why: string, cause?: unknown): CellError {
  return new CellError("INVALID_ARGUMENT", `reading ${file}: ${why}`, { cause });
}
