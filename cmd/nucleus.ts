import { Option } from "@commander-js/extra-typings";
import type { LogFile } from "../lib/logs/mod.ts";
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
      const file = await logFile(detached === true);
      await runNucleus({
        version,
        log: (line) => {
          file.line("system", line);
          if (!detached) say(line);
        },
        workerCommand: selfCommand("__worker"),
        command: selfCommand(...process.argv.slice(2)),
        versionCommand: selfCommand("--version"),
      });
    });
}

/** `logs/nucleus.log`, where `cell logs nucleus` looks; in the background standard output and error are the same file. */
async function logFile(takesOutput: boolean): Promise<LogFile> {
  const { LogFile } = await import("../lib/logs/mod.ts");
  return new LogFile(NUCLEUS, { takesOutput });
}
