import { CellError, SECOND } from "../lib/base/mod.ts";
import { connectNucleus, type Health } from "../lib/nucleus/client/mod.ts";
import { stderrStyle, stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { Deadline } from "./deadline.ts";
import { EXIT } from "./exit_code.ts";
import { isAbsent } from "./running_nucleus.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { withoutControls } from "./without_controls.ts";

/** An agent that takes longer for this hangs. */
const ANSWER_MS_MAX = 5 * SECOND;
const UNANSWERED: ReadonlySet<string> = new Set(["DEADLINE_EXCEEDED", "UNAVAILABLE"]);

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
    .option("--on <node>", "ask another node of the cluster: its name or id")
    .option("--json", "print one object")
    .action(async ({ on, json }) => {
      const { warnings, ...health } = await askHealth(on);
      if (json) await printJson(health);
      else await printLines(healthLines(health));
      for (const warning of warnings) say(`${stderrStyle().yellow("warn:")} ${withoutControls(warning)}`);
      if (!health.healthy) process.exitCode = EXIT.failed;
    });
}

/** No answer is one, too: whoever watches a node has to hear of an agent that hangs. */
async function askHealth(node: string | undefined): Promise<Health & { warnings: string[] }> {
  const deadline = new Deadline(ANSWER_MS_MAX);
  try {
    const nucleus = await deadline.within(
      connectNucleus({ timeoutMs: ANSWER_MS_MAX, node }),
      "connecting to the nucleus",
    );
    try {
      const asking = Promise.all([nucleus.health(), nucleus.status()]);
      const [health, { network: { warning } }] = await deadline.within(asking, "asking the nucleus");
      return { ...health, warnings: warning === null ? [] : [warning] };
    } finally {
      void nucleus.close();
    }
  } catch (error) {
    if (!(error instanceof CellError) || !UNANSWERED.has(error.code)) throw error;
    return {
      healthy: false,
      problems: [isAbsent(error) ? error.message : `the nucleus does not answer: ${error.message}`],
      warnings: [],
    };
  }
}

function healthLines({ healthy, problems }: Health): string[] {
  const style = stdoutStyle();
  if (healthy) return [style.green("healthy")];
  return [style.red("not healthy"), ...problems.map((problem) => `  ${withoutControls(problem)}`)];
}
