import { initHome } from "../lib/nucleus/home/mod.ts";
import { keysDirectory } from "../lib/service/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
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
    notes: "A node is known by its key: the id behind its name is made from that. The\n" +
      "cluster is its own until it joins another one with `cell join`.",
  })
    .option("--node-id <name>", "the node's name among others (letters, digits, . - _)")
    .option("--region <region>", 'where it is (default: "default")')
    .option("--zone <zone>", 'a part of the region that fails as one (default: "default")')
    .option("--json", "print { home, id, isNew, nodeId, cluster, region, ... }")
    .action(async ({ nodeId: name, region, zone, json }) => {
      const result = initHome({
        ...(name === undefined ? {} : { nodeId: name }),
        ...(region === undefined ? {} : { region }),
        ...(zone === undefined ? {} : { zone }),
      });
      const { initIdentity, shortId } = await import("../lib/net/identity/mod.ts");
      const { node } = await initIdentity(keysDirectory(), result.id, Date.now());
      const { nodeId, clusterId: cluster } = node;
      if (json) return await printJson({ ...result, nodeId, cluster });
      const { home, id, isNew } = result;
      const who = `node ${id} (${shortId(nodeId)}), cluster ${shortId(cluster)}`;
      say(isNew ? `${home} is ready: ${who}` : `${home} was ready before: ${who}`);
    });
}
