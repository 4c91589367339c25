import { CellError } from "../base/mod.ts";
import { withoutPackagePath } from "../service/mod.ts";
import { errorText } from "./error_text.ts";

/** Exit code of a worker that could not begin to serve. */
const EXIT_FAILED = 1;

/** How a worker that cannot begin to serve ends. */
export interface StartGuard {
  /** Says why in the log, and ends the process. */
  fail(error: unknown): never;
  /** The worker serves: from now on failures of its code end nothing. */
  [Symbol.dispose](): void;
}

/**
 * Ends this process when its code fails outside of what is awaited (a timer, a promise) while it is being loaded. The
 * runtime itself would go on while the code awaits something at its top level.
 */
export function guardStart(instance: string, note: (line: string) => void): StartGuard {
  const fail = (error: unknown): never => {
    note(`${instance} did not start: ${describe(error)}`);
    process.exit(EXIT_FAILED);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  return {
    fail,
    [Symbol.dispose]() {
      process.off("uncaughtException", fail);
      process.off("unhandledRejection", fail);
    },
  };
}

/** Our errors say everything; others are told with their stacks, and with what caused them. */
function describe(error: unknown): string {
  try {
    return stackOf(error);
  } catch {
    // An object without a prototype, for instance.
    return "something was thrown that cannot be shown";
  }
}

function stackOf(error: unknown): string {
  if (error instanceof CellError) return withoutPackagePath(error.message);
  return error instanceof Error ? errorText(error) : String(error);
}
