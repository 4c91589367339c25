import { CellError, SECOND } from "../lib/base/mod.ts";
import { isAbsent } from "./running_nucleus.ts";

const REFRESH_MS = 1 * SECOND;

/** What `ask` answers, every second. An agent that is just executed anew is asked again. */
export async function* pollValues<T>(ask: () => Promise<T>): AsyncGenerator<T, void, void> {
  for (;;) {
    try {
      yield await ask();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await Bun.sleep(REFRESH_MS);
  }
}

/** What `watch` gives whenever something has changed. A stream that broke is opened again. */
export async function* watchValues<T>(watch: () => AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
  for (;;) {
    try {
      yield* watch();
      return;
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await Bun.sleep(REFRESH_MS);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof CellError && error.code === "UNAVAILABLE" && !isAbsent(error);
}
