import type { NucleusClient, Progress } from "../lib/nucleus/client/mod.ts";
import { ProgressLine } from "./progress_line.ts";
import { withoutControls } from "./without_controls.ts";

/**
 * Shows on stderr what becomes of a service until it is as it was asked for; returns the last that was said of it. Throws
 * ABORTED when that failed.
 */
export async function followService(nucleus: NucleusClient, service: string): Promise<Progress | undefined> {
  const line = new ProgressLine();
  let last: Progress | undefined;
  try {
    for await (const progress of nucleus.follow(service)) {
      last = progress;
      if (progress.phase !== "settled") line.update(progressText(service, progress));
    }
  } finally {
    line.clear();
  }
  return last;
}

/** One line of progress: `hello: starting, 1 of 3 up: hello@1 is up`. */
export function progressText(service: string, { phase, up, wanted, message }: Progress): string {
  const about = message === "" ? "" : `: ${withoutControls(message).replaceAll("\n", " ")}`;
  return `${service}: ${phase}, ${up} of ${wanted} up${about}`;
}

/** `1 instance`, `3 instances`. */
export function countInstances(count: number): string {
  return `${count} ${count === 1 ? "instance" : "instances"}`;
}
