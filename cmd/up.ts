import type { NodeStatus } from "../lib/nucleus/client/mod.ts";
import { stderrStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatDuration } from "./duration.ts";
import { warnOfNetwork, withNetwork } from "./network_condition.ts";
import { placeOf, REGION, ZONE } from "./place_options.ts";
import { startNucleus } from "./start_nucleus.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";

/** `cell up` */
export function command(): AnyCommand {
  return createCommand("up", {
    description: "Start the agent of this home in the background and return when it answers. Services " +
      "that were deployed are started; those that run already are taken over as they are.",
    examples: [
      ["cell up", "says node and pid; runs already: exit 0, too"],
      ["cell up --json", "{ node, pid, version, services, ... }"],
      ["cell logs nucleus -f", "what the agent does"],
    ],
    notes: "Nobody starts it again after a reboot: docs/operations.md has a systemd unit.",
  })
    .option("--region <region>", REGION)
    .option("--zone <zone>", ZONE)
    .option("--json", "print the agent's status")
    .action(async ({ json, ...place }) => {
      const { status, isNew } = await startNucleus(placeOf(place));
      await report(await withNetwork(status), isNew, json);
    });
}

async function report(status: NodeStatus, isNew: boolean, json: true | undefined): Promise<void> {
  if (json) await printJson(status);
  else sayUp(status, isNew);
  warnOfNetwork(status);
}

function sayUp(status: NodeStatus, isNew: boolean): void {
  const { node, pid, version, uptimeMs, services } = status;
  const style = stderrStyle();
  const count = `${services.length} ${services.length === 1 ? "service" : "services"}`;
  say(
    isNew
      ? `${style.bold(style.green("nucleus"))} is up: node ${node}, pid ${pid}, version ${version}, ${count}`
      : `nucleus is up already: node ${node}, pid ${pid}, version ${version}, for ${
        formatDuration(uptimeMs)
      }, ${count}`,
  );
  if (isNew && services.length === 0) say(style.dim("Try: cell deploy hello.ts --instances 3"));
}
