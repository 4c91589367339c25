import { SECOND } from "../base/mod.ts";
import type { RunningService } from "../service/mod.ts";

/** How long calls may take to finish: the agent kills later, container runtimes at 10 s. */
const DRAIN_MS_MAX = 8 * SECOND;
/** A shell's exit code for a process that SIGTERM ended. */
const EXIT_TERMINATED = 143;

/** What a worker does about signals. */
export interface Signals {
  /** From now on SIGTERM drains this service. */
  onServing(service: RunningService): void;
}

/**
 * SIGTERM ends a worker that does not serve yet, and drains one that does; the second one ends it at once. SIGINT is
 * ignored.
 */
export function handleSignals(note: (line: string) => void): Signals {
  let serving: RunningService | undefined;
  let isDraining = false;
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {
    if (serving === undefined) {
      note("told to end before it served");
      process.exit(0);
    }
    if (isDraining) {
      note("SIGTERM again, ending at once");
      process.exit(EXIT_TERMINATED);
    }
    isDraining = true;
    const { inFlight } = serving;
    const calls = `${inFlight} ${inFlight === 1 ? "call" : "calls"} in flight`;
    if (inFlight > 0) note(`draining, waiting up to ${DRAIN_MS_MAX / SECOND} s for ${calls}`);
    serving.drain(DRAIN_MS_MAX).catch((error: unknown) => {
      note(`draining failed: ${String(error)}`);
      process.exit(1);
    });
  });
  return { onServing: (service) => serving = service };
}
