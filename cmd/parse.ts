import { CommanderError } from "@commander-js/extra-typings";
import type { AnyCommand } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { UsageError } from "./usage_error.ts";

/** Parses the arguments and runs the command's action. Throws UsageError when they do not fit the command. */
export async function parse(command: AnyCommand, args: readonly string[]): Promise<void> {
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === EXIT.ok) return;
    throw new UsageError(
      error.message.replace(/^error: /, "").replace(/\n\(Did you mean (.*)\?\)$/, ". Did you mean $1?"),
    );
  }
}
