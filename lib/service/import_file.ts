import { pathToFileURL } from "node:url";
import { importError } from "./import_error.ts";

/** The exports of a module, by name. */
export type Exports = { readonly [name: string]: unknown };

/**
 * Runs a file as a module and returns what it exports. Throws an error that says what went wrong and where, whatever it
 * was. A file whose own top-level `await` never settles would end the process in silence: that is said, too.
 */
export async function importFile(path: string): Promise<Exports> {
  const onIdle = () => {
    console.error(`error: ${path} never finished loading: it awaits something that never happens`);
    process.exit(1);
  };
  process.once("beforeExit", onIdle);
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw await importError(path, error);
  } finally {
    process.off("beforeExit", onIdle);
  }
}
