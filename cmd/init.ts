import { initHome } from "../lib/nucleus/home/mod.ts";
import { keysDirectory } from "../lib/service/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { placeOf, REGION, sayUnread, ZONE } from "./place_options.ts";
import { runningNucleus } from "./running_nucleus.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";

/** `cell init` */
export function command(): AnyCommand {
  return createCommand("init", {
    description: "Lay out the home directory: folders that are yours alone, node.toml with the name of " +
      "this node, and its keys. What is there already stays as it is. `cell up` does the same.",
    examples: [
      ["cell init", "~/.cell, the name made from the host's"],
      ["cell init --node-id pi-kitchen", "a name of your choice"],
      ["cell init --region eu --zone attic", "callers prefer what is near"],
      ["CELL_HOME=/var/lib/cell cell init", "another home"],
    ],
    notes: "A node is known by its key: the id behind its name is made from that. Key and\n" +
      "cluster are its own until `cell join`, which gives it new ones.",
  })
    .option("--node-id <name>", "the node's name among others (letters, digits, . - _)")
    .option("--region <region>", REGION)
    .option("--zone <zone>", ZONE)
    .option("--json", "print { home, id, isNew, nodeId, cluster, region, ... }")
    .action(async ({ nodeId: name, json, ...place }) => {
      const result = initHome({
        ...(name === undefined ? {} : { nodeId: name }),
        ...placeOf(place),
      });
      if (result.isMoved) sayUnread(result, await runningNucleus() !== undefined);
      const { initIdentity, shortId } = await import("../lib/net/identity/mod.ts");
      const { node } = await initIdentity(keysDirectory(), result.id, Date.now());
      const { nodeId, clusterId: cluster } = node;
      if (json) return await printJson({ ...result, nodeId, cluster });
      const { home, id, isNew } = result;
      const who = `node ${id} (${shortId(nodeId)}), cluster ${shortId(cluster)}`;
      say(isNew ? `${home} is ready: ${who}` : `${home} was ready before: ${who}`);
    });
}
