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
 * Runs what is done to a service on the node `on`, or on this one. Where that does not have the service the error says which
 * node it is that does not, and of this one which others do, and how to do it there.
 */
export async function sayingWhere<T>(service: string, on: string | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CellError) || error.code !== "NOT_FOUND") throw error;
    const { code, message, data, retryable } = error;
    const saying = (text: string) => new CellError(code, text, { data, retryable, cause: error });
    // That agent says "here".
    if (on !== undefined) throw saying(`node ${on}: ${message}`);
    const nodes = await otherNodesWith(service);
    throw nodes.length === 0 ? error : saying(message + runsOn(nodes, "--on"));
  }
}

/** ` It runs on a, b: add --on a` behind an error; `how` is the option that leads there. */
export function runsOn(nodes: readonly string[], how: "--on" | "--all"): string {
  const listed = nodes.slice(0, LISTED_MAX).join(", ") + (nodes.length > LISTED_MAX ? ", ..." : "");
  return ` It runs on ${listed}: add ${how === "--on" ? `--on ${nodes[0]}` : how}`;
}
