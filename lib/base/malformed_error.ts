import { CellError } from "./errors.ts";

/** What is thrown at bytes from outside that do not have the form they should: INVALID_ARGUMENT. */
export class MalformedError extends CellError {
  /** `found` says what was expected and what was there. */
  constructor(found: string) {
    super("INVALID_ARGUMENT", `reading bytes from outside: ${found}`);
  }
}

/** What `read` gives, or undefined where it throws a `MalformedError`. Rethrows everything else. */
export function ifWellFormed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
