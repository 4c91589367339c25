import { SECOND } from "../lib/base/mod.ts";
import { awaitNucleus, type NodeStatus, startDetached } from "../lib/nucleus/client/mod.ts";
import { initHome } from "../lib/nucleus/home/mod.ts";
import { stderrStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatDuration } from "./duration.ts";
import { DETACHED } from "./nucleus.ts";
import { runningNucleus } from "./running_nucleus.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";
import { printJson } from "./stdout.ts";

/** An agent that adopts hundreds of workers on a slow board is given this long. */
const START_MS_MAX = 30 * SECOND;

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
    .option("--json", "print the agent's status")
    .action(async ({ json }) => {
      initHome();
      const running = await runningNucleus();
      if (running !== undefined) return await report(running, false, json);
      const started = startDetached(selfCommand("nucleus", DETACHED));
      const status = await awaitNucleus(START_MS_MAX, started);
      // Of two that start one at the same instant, one finds the other's.
      await report(status, status.pid === started.pid, json);
    });
}

async function report(status: NodeStatus, isNew: boolean, json: true | undefined): Promise<void> {
  if (json) return await printJson(status);
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
