import { CellError, SECOND } from "../lib/base/mod.ts";
import { connectNucleus, type NodeStatus } from "../lib/nucleus/client/mod.ts";

/** An agent that has hundreds of services answers within milliseconds; one that does not within this hangs. */
const STATUS_MS_MAX = 10 * SECOND;

/** The status of the agent, here or on another node, or undefined when none runs. */
export async function runningNucleus(node?: string): Promise<NodeStatus | undefined> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: STATUS_MS_MAX, node });
    return await nucleus.status();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Whether an error of `connectNucleus` says that there is no agent. */
export function isAbsent(error: unknown): boolean {
  return error instanceof CellError && error.code === "UNAVAILABLE" && !error.retryable;
}
