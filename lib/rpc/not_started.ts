import { CellError } from "../base/mod.ts";

/** The same error, with the certainty that nothing was executed. */
export function notStarted(error: CellError): CellError {
  const { code, message, retryable, data, cause } = error;
  const fields = typeof data === "object" && data !== null ? data : {};
  return new CellError(code, message, { retryable, data: { ...fields, started: false }, cause });
}

/** The same error without a claim that nothing was executed: it is about something else than the call that it ends. */
export function maybeStarted(error: CellError): CellError {
  const { code, message, retryable, data } = error;
  if (typeof data !== "object" || data === null || !("started" in data)) return error;
  const { started: _, ...rest } = data;
  return new CellError(code, message, { retryable, data: rest, cause: error });
}
