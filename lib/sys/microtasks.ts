let drain: (() => void) | undefined;

/** Runs the jobs that promises wait for, now and not when the present turn of the event loop ends. */
export function drainMicrotasks(): void {
  // Required here and not imported above: nobody needs it before a connection is busy.
  drain ??= (require("bun:jsc") as typeof import("bun:jsc")).drainMicrotasks;
  drain();
}
