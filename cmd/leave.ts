import { connectNucleus, shortNodeId } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { say } from "./stderr.ts";

/** `cell leave` */
export function command(): AnyCommand {
  return createCommand("leave", {
    description: "Say goodbye to the other nodes and turn the network off. What runs here goes on for " +
      "callers on this machine.",
    examples: [
      ["cell leave", "before a machine is switched off for long"],
      ["cell join", "come back, without a token"],
      ["cell members remove NODE", "for good: its right to be a member"],
    ],
    notes: "A machine that is only restarted need not leave: the others notice both.",
  })
    .action(async () => {
      await using nucleus = await connectNucleus();
      const { cluster, node, network, state, problem } = await nucleus.cluster();
      if (!network && state !== "failed") {
        return say(problem ?? `node ${node} is in no cluster with others: its network is off`);
      }
      await nucleus.leave();
      say(`node ${node} has left cluster ${shortNodeId(cluster)}; \`cell join\` brings it back`);
    });
}
