import { CellError, SECOND } from "../lib/base/mod.ts";
import { connectNucleus } from "../lib/nucleus/client/mod.ts";

/** An agent that takes longer to say where a service runs is not waited for. */
const ANSWER_MS_MAX = 2 * SECOND;
/** More names than this do not help. */
const LISTED_MAX = 5;

/** Names of other nodes on which instances of a service run, the nearest first; none without an agent. */
export async function otherNodesWith(service: string): Promise<string[]> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: ANSWER_MS_MAX });
    const [found, { nodeId }] = await Promise.all([nucleus.discover(service), nucleus.cluster()]);
    return [...new Set(found.filter((instance) => instance.nodeId !== nodeId).map(({ node }) => node))];
  } catch (error) {
    if (error instanceof CellError) return [];
    throw error;
  }
}

/** Names of the services that run on other nodes, sorted; none without an agent. */
export async function servicesElsewhere(): Promise<string[]> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: ANSWER_MS_MAX });
    const [found, { nodeId }] = await Promise.all([nucleus.discover(), nucleus.cluster()]);
    return [...new Set(found.filter((instance) => instance.nodeId !== nodeId).map(({ service }) => service))].sort();
  } catch (error) {
    if (error instanceof CellError) return [];
    throw error;
  }
}

/**
 * Runs what is done to a service on the node `on`, or on this one. Where this one does not have the service and others do, the
 * error says which, and how to do it there.
 */
export async function sayingWhere<T>(service: string, on: string | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (on !== undefined || !(error instanceof CellError) || error.code !== "NOT_FOUND") throw error;
    const nodes = await otherNodesWith(service);
    if (nodes.length === 0) throw error;
    const { code, message, data, retryable } = error;
    throw new CellError(code, message + runsOn(nodes, "--on"), { data, retryable, cause: error });
  }
}

/** ` It runs on a, b: add --on a` behind an error; `how` is the option that leads there. */
export function runsOn(nodes: readonly string[], how: "--on" | "--all"): string {
  const listed = nodes.slice(0, LISTED_MAX).join(", ") + (nodes.length > LISTED_MAX ? ", ..." : "");
  return ` It runs on ${listed}: add ${how === "--on" ? `--on ${nodes[0]}` : how}`;
}
