import { initHome } from "../lib/nucleus/home/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";

/** `cell init` */
export function command(): AnyCommand {
  return createCommand("init", {
    description: "Lay out the home directory: folders that are yours alone, and node.toml with the id of " +
      "this node. What is there already stays as it is. `cell up` does the same.",
    examples: [
      ["cell init", "~/.cell, the id made from the host's name"],
      ["cell init --node-id pi-kitchen", "an id of your choice"],
      ["CELL_HOME=/var/lib/cell cell init", "another home"],
    ],
  })
    .option("--node-id <id>", "the node's id among others (letters, digits, . - _)")
    .option("--json", "print { home, id, isNew, heartbeatMs }")
    .action(async ({ nodeId, json }) => {
      const result = initHome(nodeId === undefined ? {} : { nodeId });
      if (json) return await printJson(result);
      const { home, id, isNew } = result;
      say(isNew ? `${home} is ready: node ${id}` : `${home} was ready before: node ${id}`);
    });
}
