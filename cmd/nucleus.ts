import { Option } from "@commander-js/extra-typings";
import { type AnyCommand, createCommand } from "./command.ts";

/** What `cell up` adds. */
const DETACHED = "--detached";

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
    .action(() => {
      throw new Error("not yet");
    });
}
