import { SECOND } from "../base/mod.ts";
import type { RunningService } from "../service/mod.ts";

/** How long calls may take to finish: the agent kills later, container runtimes at 10 s. */
const DRAIN_MS_MAX = 8 * SECOND;
/** A shell's exit code for a process that SIGTERM ended. */
const EXIT_TERMINATED = 143;

/** Drains on the first SIGTERM and ends the process at the second. SIGINT is ignored. */
export function endOnSignals(service: RunningService, note: (line: string) => void): void {
  let isDraining = false;
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {
    if (isDraining) {
      note("SIGTERM again, ending at once");
      process.exit(EXIT_TERMINATED);
    }
    isDraining = true;
    const { inFlight } = service;
    const calls = `${inFlight} ${inFlight === 1 ? "call" : "calls"} in flight`;
    if (inFlight > 0) note(`draining, waiting up to ${DRAIN_MS_MAX / SECOND} s for ${calls}`);
    service.drain(DRAIN_MS_MAX).catch((error: unknown) => {
      note(`draining failed: ${String(error)}`);
      process.exit(1);
    });
  });
}
