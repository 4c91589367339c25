import { CellError, SECOND } from "../base/mod.ts";
import { connectNucleus, type InstanceStatus, type NodeStatus } from "../nucleus/client/mod.ts";
import { listInstances } from "../service/mod.ts";
import { mergeProcesses, type ServiceProcess } from "./processes.ts";

/** An agent that takes longer is shown as silent; what runs is listed without it. */
const AGENT_ANSWER_MS_MAX = 2 * SECOND;

/** What runs on this machine at one moment. */
export interface Snapshot {
  /** "silent": it holds its name and does not answer. */
  agent: "running" | "absent" | "silent";
  /** What the agent says of itself and its services; null unless it runs. */
  node: NodeStatus | null;
  /** Sorted by service and number. */
  processes: ServiceProcess[];
}

/** Asks every live instance, and the agent if there is one. */
export async function takeSnapshot(): Promise<Snapshot> {
  const [found, { agent, node, statuses }] = await Promise.all([listInstances(), askAgent()]);
  return { agent, node, processes: mergeProcesses(found, statuses) };
}

/** Every instance on this machine with its counters, sorted by service and number. */
export async function listProcesses(): Promise<ServiceProcess[]> {
  return (await takeSnapshot()).processes;
}

interface AgentAnswer extends Pick<Snapshot, "agent" | "node"> {
  statuses: InstanceStatus[];
}

const SILENT: AgentAnswer = { agent: "silent", node: null, statuses: [] };
const ABSENT: AgentAnswer = { agent: "absent", node: null, statuses: [] };

async function askAgent(): Promise<AgentAnswer> {
  const { promise: late, resolve } = Promise.withResolvers<AgentAnswer>();
  const timer = setTimeout(() => resolve(SILENT), AGENT_ANSWER_MS_MAX);
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(): Promise<AgentAnswer> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: AGENT_ANSWER_MS_MAX });
    const [node, statuses] = await Promise.all([nucleus.status(), nucleus.instances()]);
    return { agent: "running", node, statuses };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    // Nobody holds the name, as opposed to somebody who does not answer, or answers something else.
    return error.code === "UNAVAILABLE" && !error.retryable ? ABSENT : SILENT;
  }
}
