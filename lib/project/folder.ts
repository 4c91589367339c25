import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Any of these makes a folder the root of a project. The home is none: it has a `.cell`, but no types in it. */
const MARKS = ["tsconfig.json", "package.json", join(".cell", "types")];

/** The root of the project that a file belongs to; the file's own folder when nothing marks one. */
export function projectFolder(file: string): string {
  const start = dirname(resolve(file));
  for (let folder = start;; folder = dirname(folder)) {
    if (MARKS.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** Where a project's declarations lie. */
export function typesFolder(project: string): string {
  return join(project, ".cell", "types");
}
