import { CellError, MS, SECOND } from "../lib/base/mod.ts";
import { connectNucleus, type NodeStatus, NUCLEUS, type NucleusClient } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { countInstances, followService } from "./follow_service.ts";
import { warnOfNetwork, withNetwork } from "./network_condition.ts";
import { ON_NODE, onNode } from "./on_node.ts";
import { parseServiceName } from "./service_name.ts";
import { runningNucleus } from "./running_nucleus.ts";
import { say } from "./stderr.ts";
import { sayingWhere } from "./where_else.ts";

/** How long the agent may take to execute its binary anew and to adopt what runs. */
const EXECUTE_MS_MAX = 30 * SECOND;
const POLL_MS = 20 * MS;

/** `cell restart` */
export function command(): AnyCommand {
  return createCommand("restart", {
    description: "Replace every instance of a deployed service by a fresh one, without a gap: each old one " +
      "finishes its calls after a new one has taken its place.",
    examples: [
      ["cell restart hello", "also starts what was stopped or crash-loops"],
      ["cell restart nucleus", "the agent executes its binary anew"],
    ],
    notes: "The agent keeps its pid and its workers: this is how a new binary is put to use\n" +
      "(docs/operations.md).",
  })
    .argument("<service>", "a deployed service, or nucleus", parseServiceName)
    .option("-d, --detach", "do not wait until it is done")
    .option("--on <node>", ON_NODE)
    .action(async (service, { detach, on }) => {
      await using nucleus = await connectNucleus({ node: on });
      if (service === NUCLEUS) return await restartNucleus(nucleus, on, detach === true);
      await sayingWhere(service, on, () => nucleus.restart(service));
      const last = detach ? undefined : await followService(nucleus, service);
      say(`${service}: ${last === undefined ? "restarting" : `restarted, ${countInstances(last.up)} up`}${onNode(on)}`);
    });
}

async function restartNucleus(nucleus: NucleusClient, node: string | undefined, detach: boolean): Promise<void> {
  const before = await nucleus.status();
  await nucleus.restart(NUCLEUS);
  if (detach) return say(`nucleus: restarting${onNode(node)}`);
  const status = await withNetwork(await successorOf(before, node), node);
  const { pid, version, services } = status;
  const count = `${services.length} ${services.length === 1 ? "service" : "services"}`;
  say(`nucleus: restarted, pid ${pid}, version ${version}, ${count} as before${onNode(node)}`);
  warnOfNetwork(status);
}

/** The status of the agent after it has started anew. */
async function successorOf(before: NodeStatus, node: string | undefined): Promise<NodeStatus> {
  for (const startedAt = performance.now(); performance.now() - startedAt < EXECUTE_MS_MAX;) {
    const status = await runningNucleus(node).catch(notYet);
    if (status !== undefined && status.startedAt.getTime() !== before.startedAt.getTime()) return status;
    await Bun.sleep(POLL_MS);
  }
  throw new CellError(
    "DEADLINE_EXCEEDED",
    `restarting the nucleus: the one of before goes on after ${EXECUTE_MS_MAX / SECOND} s. See: cell logs nucleus`,
  );
}

/** Between the old program and the new one nobody accepts connections. */
function notYet(error: unknown): undefined {
  if (!(error instanceof CellError) || error.code !== "UNAVAILABLE") throw error;
}
