import { MINUTE } from "../../base/mod.ts";

/** So many quick failures in a row are a crash loop: a sixth try would only cost what the fifth cost. */
export const CRASH_LOOP_FAILURES = 5;
/**
 * How often what was given up gets one more try: what it lacked, a database that starts later than this machine, may be
 * there by now, and nobody may be there to say so. One start in five minutes costs nothing.
 */
export const CRASH_LOOP_RETRY_MS = 5 * MINUTE;
/**
 * A failure is quick when the process had lived for less than this. One that served for longer than that was in order
 * when it started: what ended it is another matter, and the count begins anew.
 */
export const QUICK_FAILURE_MS = 1 * MINUTE;

/** How many quick failures in a row there are, after a process that lived for `livedMs` has failed. */
export function failuresAfter(failures: number, livedMs: number): number {
  return livedMs < QUICK_FAILURE_MS ? failures + 1 : 0;
}

/** Whether to give up. */
export function isCrashLoop(failures: number): boolean {
  return failures >= CRASH_LOOP_FAILURES;
}
