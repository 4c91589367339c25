import { DRAIN_GRACE_MS, type RunningService } from "./serve.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** A shell's exit code for a process that signal n ended is 128 + n. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };

/**
 * Drains on the first SIGTERM or SIGINT, for at most `graceMs`; a second one ends the process at once. SIGHUP is left
 * alone: under nohup it is ignored, and a handler would undo that.
 */
export function drainOnSignals(
  service: RunningService,
  log: (line: string) => void,
  graceMs: number = DRAIN_GRACE_MS,
): void {
  let isDraining = false;
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    if (isDraining) {
      log(`${service.name}: ${signal} again, ending at once`);
      process.exit(SIGNAL_EXIT_CODES[signal]);
    }
    isDraining = true;
    const { inFlight } = service;
    const calls = `${inFlight} ${inFlight === 1 ? "call" : "calls"} in flight`;
    if (inFlight > 0) log(`${service.name}: ${signal}, waiting up to ${graceMs / 1000} s for ${calls}`);
    service.drain(graceMs).catch((error: unknown) => {
      log(`error: draining ${service.name}: ${String(error)}`);
      process.exit(1);
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  service.stopped.then(() => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  });
}
