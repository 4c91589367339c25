import { CellError, type Code } from "../lib/base/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Every exit code of the binary; `cell help exit-codes` documents them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, missing: 3, deadline: 4, refused: 5 } as const;

/** A code's exit code wherever the error was made; what is missing here fails with 1. */
const BY_CODE: Partial<Record<Code, number>> = {
  DEADLINE_EXCEEDED: EXIT.deadline,
  PERMISSION_DENIED: EXIT.refused,
  UNAUTHENTICATED: EXIT.refused,
};

/** Codes that mean "no such service, method or instance", unless the method itself threw them. */
const MISSING: ReadonlySet<Code> = new Set<Code>(["NOT_FOUND", "UNIMPLEMENTED", "UNAVAILABLE"]);

const answered = new WeakSet<Error>();

/**
 * Marks an error of a call as the method's own answer, whose NOT_FOUND exits with 1; one that says that the call never
 * started is not.
 */
export function markAnswered(error: unknown): unknown {
  if (error instanceof CellError && !hasNotStarted(error.data)) answered.add(error);
  return error;
}

function hasNotStarted(data: unknown): boolean {
  return typeof data === "object" && data !== null && "started" in data && data.started === false;
}

/** Whether the error is a method's own answer. */
export function isAnswered(error: Error): boolean {
  return answered.has(error);
}

/** The exit code that tells a script what went wrong. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof CellError)) return EXIT.failed;
  const fixed = BY_CODE[error.code];
  if (fixed !== undefined) return fixed;
  return MISSING.has(error.code) && !isAnswered(error) ? EXIT.missing : EXIT.failed;
}
