import { MS, SECOND } from "../lib/base/mod.ts";
import type { NodeStatus } from "../lib/nucleus/client/mod.ts";
import { stderrStyle } from "./color.ts";
import { runningNucleus } from "./running_nucleus.ts";
import { say } from "./stderr.ts";
import { withoutControls } from "./without_controls.ts";

/** An agent that has begun turns its network on within a fraction of this. */
const DECIDED_MS_MAX = 5 * SECOND;
const POLL_MS = 20 * MS;

/** The status of an agent that has just begun, as soon as it knows whether it has a network; the last one after a while. */
export async function withNetwork(status: NodeStatus, node?: string): Promise<NodeStatus> {
  let last = status;
  for (const startedAt = performance.now(); last.network.state === "starting";) {
    if (performance.now() - startedAt > DECIDED_MS_MAX) break;
    await Bun.sleep(POLL_MS);
    last = await runningNucleus(node) ?? last;
  }
  return last;
}

/** What is to be said of a node's network: why it is off although it should not be, or what is odd. */
export function networkNotes({ network: { problem, warning } }: Pick<NodeStatus, "network">): string[] {
  return [problem, warning].flatMap((note) => (note === null ? [] : [withoutControls(note)]));
}

/** The same on stderr, each as a warning. */
export function warnOfNetwork(status: Pick<NodeStatus, "network">): void {
  for (const note of networkNotes(status)) say(`${stderrStyle().yellow("warn:")} ${note}`);
}
