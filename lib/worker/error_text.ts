import { userFrames, withoutPackagePath } from "../service/mod.ts";

/** Causes of causes that are shown. */
const CAUSES_MAX = 4;
/** What the text shows in its own way. */
const SHOWN: ReadonlySet<string> = new Set(["name", "message", "stack", "cause"]);

/**
 * An error for a log: its name and message, the user's own frames, what else it carries, and its causes. The runtime's own
 * form shows a line of the bundle, which nobody wrote, and the frames of everything that led to the call. Throws what
 * looking at the error throws.
 */
export function errorText(error: Error, causes = CAUSES_MAX): string {
  const { name, message, cause } = error;
  const head = message === "" ? String(name) : `${name}: ${message}`;
  const lines = [withoutPackagePath(head), ...userFrames(error)];
  const others = Object.entries(error).filter(([key, value]) => !SHOWN.has(key) && value !== undefined);
  for (const [key, value] of others) lines.push(`  ${key}: ${Bun.inspect(value)}`);
  if (cause === undefined || cause === null || causes === 0) return lines.join("\n");
  lines.push(`caused by ${cause instanceof Error ? errorText(cause, causes - 1) : Bun.inspect(cause)}`);
  return lines.join("\n");
}
