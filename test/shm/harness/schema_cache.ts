import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** What machines before have read of the processes' types, by path below the home. */
const kept = new Map<string, Uint8Array>();

/** Gives a new home what homes before had in their caches: reading a file's types anew takes longer than most tests. */
export function fillCache(home: string): void {
  for (const [path, bytes] of kept) {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, path), bytes, { mode: 0o600 });
  }
}

/** Keeps what a home has in its cache. */
export function keepCache(home: string): void {
  const folder = join(home, "cache");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (statSync(path).isFile()) kept.set(relative(home, path), readFileSync(path));
  }
}
