import { homedir } from "node:os";
import { join } from "node:path";

/** Where everything of this user's cells lives: `$CELL_HOME`, by default `~/.cell`. */
export function home(): string {
  return process.env.CELL_HOME || join(homedir(), ".cell");
}

/** `run/` of the home: sockets and locks. Created and checked: it belongs to this user and nobody else may enter it. */
export function runDirectory(): string {
  return join(home(), "run");
}

/** `cache/` of the home: what can be computed again. Created and checked like `runDirectory`. */
export function cacheDirectory(): string {
  return join(home(), "cache");
}
