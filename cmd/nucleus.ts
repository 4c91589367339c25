import { Option } from "@commander-js/extra-typings";
import { NUCLEUS } from "../lib/nucleus/client/mod.ts";
import { version } from "../package.json" with { type: "json" };
import { type AnyCommand, createCommand } from "./command.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";

/** What `cell up` adds. */
export const DETACHED = "--detached";

/** `cell nucleus` */
export function command(): AnyCommand {
  return createCommand("nucleus", {
    description: "Run the agent in the foreground, for systemd, a container or a look at what it does. " +
      "There is one for each home: a second one says who holds it.",
    examples: [
      ["cell nucleus", "until SIGTERM or Ctrl-C"],
      ["cell up", "the same in the background"],
      ["cell call nucleus status", "it is a service itself"],
    ],
    notes: "SIGTERM and Ctrl-C drain and stop the deployed services, then the agent; SIGHUP\n" +
      "executes the binary anew and keeps them. After a crash they go on, and the next\n" +
      "agent takes them over.",
  })
    .addOption(new Option(DETACHED, "write into the log only").hideHelp())
    .action(async ({ detached }) => {
      const { runNucleus } = await import("../lib/nucleus/mod.ts");
      await runNucleus({
        version,
        log: detached ? await logFile() : say,
        workerCommand: selfCommand("__worker"),
        command: selfCommand(...process.argv.slice(2)),
        versionCommand: selfCommand("--version"),
      });
    });
}

/** Writes into `logs/nucleus.log`, where `cell up` has put the standard files, too. */
async function logFile(): Promise<(line: string) => void> {
  const { LogFile } = await import("../lib/logs/mod.ts");
  const file = new LogFile(NUCLEUS, { takesOutput: true });
  return (line) => file.line("system", line);
}
