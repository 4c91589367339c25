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

/** Marks an error as the answer to a call that had begun: its NOT_FOUND is the method's own and exits with 1. */
export function markAnswered(error: unknown): unknown {
  if (error instanceof Error) answered.add(error);
  return error;
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
