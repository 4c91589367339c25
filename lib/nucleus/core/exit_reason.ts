import type { ExitStatus } from "./effect.ts";

/** How a process ended, in words: "exited with code 1", "killed by SIGSEGV". */
export function exitReason({ code, signal }: ExitStatus): string {
  if (signal !== null) return `killed by ${signal}`;
  if (code !== null) return `exited with code ${code}`;
  return "ended, and nobody saw how";
}
