import { SECOND } from "../base/mod.ts";
import { importError } from "./import_error.ts";

/** The exports of a module, by name. */
export type Exports = { readonly [name: string]: unknown };

/** A file that takes longer to load than this makes people wonder. */
const WONDER_MS = 5 * SECOND;

/** Whom to tell that a file has still not been loaded. */
export interface ImportOptions {
  log: (line: string) => void;
  /** @default 5_000 */
  wonderMs?: number;
}

/**
 * Runs a file as a module and returns what it exports. Throws an error that says what went wrong and where, whatever it
 * was. A file that awaits at its top level what never happens is never loaded, and nobody can know: after a while, that it
 * is still being loaded is logged.
 */
export async function importFile(path: string, { log, wonderMs = WONDER_MS }: ImportOptions): Promise<Exports> {
  let isNoted = false;
  // It also keeps the event loop busy: with nothing else to do, the runtime polls a pending import without a pause.
  const timer = setInterval(() => {
    if (!isNoted) log(`${path} is still being loaded: it awaits something at its top level`);
    isNoted = true;
  }, wonderMs);
  try {
    return await import(path);
  } catch (error) {
    throw await importError(path, error);
  } finally {
    clearInterval(timer);
  }
}
