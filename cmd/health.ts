import { connectNucleus, type Health } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { isAbsent } from "./running_nucleus.ts";
import { printJson, printLines } from "./stdout.ts";
import { withoutControls } from "./without_controls.ts";

/** `cell health` */
export function command(): AnyCommand {
  return createCommand("health", {
    description: "Say whether the agent runs and every deployed service is as it was asked for; if not, " +
      "what is wrong and why.",
    examples: [
      ["cell health", "exit code 0: healthy, 1: degraded or down"],
      ["cell health --json", "{ healthy, problems }"],
      ["cell health >/dev/null || reboot", "in a watchdog's script"],
    ],
  })
    .option("--json", "print one object")
    .action(async ({ json }) => {
      const health = await askHealth();
      if (json) await printJson(health);
      else await printLines(healthLines(health));
      if (!health.healthy) process.exitCode = EXIT.failed;
    });
}

async function askHealth(): Promise<Health> {
  try {
    await using nucleus = await connectNucleus();
    return await nucleus.health();
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return { healthy: false, problems: [(error as Error).message] };
  }
}

function healthLines({ healthy, problems }: Health): string[] {
  const style = stdoutStyle();
  if (healthy) return [style.green("healthy")];
  return [style.red("not healthy"), ...problems.map((problem) => `  ${withoutControls(problem)}`)];
}
