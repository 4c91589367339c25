import { SECOND } from "../../base/mod.ts";
import type { Slot } from "./slot.ts";

/** What people are told after the process of a slot has failed: when it is tried again. */
export function retryNews(
  { phase, failures, reason, startAt }: Slot,
  now: number,
): { readonly level: "warn" | "error"; readonly message: string } {
  if (phase === "crash-looping") {
    return { level: "error", message: `crash-looping, given up after ${failures} failures: ${reason}` };
  }
  const seconds = ((startAt - now) / SECOND).toFixed(1);
  return { level: "warn", message: `${reason}; it is started again in ${seconds} s` };
}
