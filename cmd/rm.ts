import { connectNucleus } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { ON_NODE, onNode } from "./on_node.ts";
import { parseDeployedName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { UsageError } from "./usage_error.ts";
import { sayingWhere } from "./where_else.ts";

const SPECIES_PATTERN = /^[0-9a-f]{16}$/;

/** `cell rm` */
export function command(): AnyCommand {
  return createCommand("rm", {
    description: "Let all instances of a deployed service finish their calls and end, and forget it with " +
      "its settings, releases and logs. What it wrote into data/ stays.",
    examples: [
      ["cell rm hello", "all of it"],
      ["cell rm hello --species a7474d0577529b8c", "one of several"],
      ["cell stop hello", "stop it, but keep it deployed"],
    ],
  })
    .argument("<service>", "a deployed service", parseDeployedName)
    .option("--species <species>", "only the releases of this species, see `cell status`", parseSpecies)
    .option("--on <node>", ON_NODE)
    .action(async (service, { species, on }) => {
      await using nucleus = await connectNucleus({ node: on });
      await sayingWhere(service, on, () => nucleus.remove(service, species));
      say(`${service}: ${species === undefined ? "" : `species ${species} `}removed${onNode(on)}`);
    });
}

function parseSpecies(text: string): string {
  if (SPECIES_PATTERN.test(text)) return text;
  throw new UsageError(`expected a species, 16 hexadecimal digits as \`cell status\` shows them, found "${text}"`);
}
