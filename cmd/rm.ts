import { connectNucleus } from "../lib/nucleus/client/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseDeployedName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { UsageError } from "./usage_error.ts";

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
    .action(async (service, { species }) => {
      await using nucleus = await connectNucleus();
      await nucleus.remove(service, species);
      say(species === undefined ? `${service}: removed` : `${service}: species ${species} removed`);
    });
}

function parseSpecies(text: string): string {
  if (SPECIES_PATTERN.test(text)) return text;
  throw new UsageError(`expected a species, 16 hexadecimal digits as \`cell status\` shows them, found "${text}"`);
}
