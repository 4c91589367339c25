import type { ExitStatus } from "./effect.ts";
import type { Slot } from "./slot.ts";

/** How a process ended, in words: "exited with code 1", "killed by SIGSEGV". */
export function exitReason({ code, signal }: ExitStatus): string {
  if (signal !== null) return `killed by ${signal}`;
  if (code !== null) return `exited with code ${code}`;
  return "ended, and nobody saw how";
}

/** Why the process of a slot has ended: that it was killed for something is more than how it ended. */
export function endReason({ phase, reason }: Slot, status: ExitStatus): string {
  const how = exitReason(status);
  if (phase === "killing") return reason ?? how;
  return phase === "starting" ? `failed to start: ${how}` : how;
}
