/**
 * The canonical codes, as gRPC defines them. They are the whole vocabulary of failure: on the wire, in logs, in exit
 * codes and in `catch` blocks.
 */
export const CODES = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** One of the canonical codes. */
export type Code = (typeof CODES)[number];

/** What an error may carry beside its code and message. */
export interface CellErrorOptions {
  /**
   * Whether the same call may succeed when it is made again, on this or another instance.
   * @default true for UNAVAILABLE, false for every other code
   */
  retryable?: boolean;
  /** Anything that MessagePack can carry; it reaches the caller as it is. */
  data?: unknown;
  /** What led to this error. It stays on this side of the wire. */
  cause?: unknown;
}

/**
 * The one error type of the project. The message says what was attempted, what was expected, what was found and, where
 * it helps, what to do.
 */
export class CellError extends Error {
  override readonly name = "CellError";
  readonly code: Code;
  readonly retryable: boolean;
  readonly data: unknown;

  constructor(code: Code, message: string, options: CellErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? code === "UNAVAILABLE";
    this.data = options.data;
  }
}

/** Any thrown value as a CellError: itself if it is one, else `code` with its message. */
export function toCellError(thrown: unknown, code: Code = "UNKNOWN"): CellError {
  if (thrown instanceof CellError) return thrown;
  if (thrown instanceof Error) return new CellError(code, thrown.message, { cause: thrown });
  return new CellError(code, `a value that is not an Error was thrown: ${printed(thrown)}`);
}

/** `String` of anything: user code may throw what has no string form. */
function printed(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}

/** Throws an INTERNAL error when a condition that only a bug can break is broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new CellError("INTERNAL", `assertion failed: ${message}`);
}
