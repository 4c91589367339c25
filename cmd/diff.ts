import { schemaOf } from "../lib/project/mod.ts";
import { compareSchemas } from "../lib/schema/mod.ts";
import { changeLine } from "./change_line.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";

/** `cell diff` */
export function command(): AnyCommand {
  return createCommand("diff", {
    description: "Show what changed between two versions of a service, and which changes break callers.",
    examples: [
      ["cell diff hello hello.ts", "what deploying hello.ts would break"],
      ["cell diff old.ts new.ts", "two files"],
      ["cell diff hello.json hello --json", "a stored schema and a running service"],
    ],
    notes: "Exit code 1 if a change breaks callers of OLD. OLD and NEW are running services,\n" +
      ".ts files or schema documents (`cell describe NAME --json`).",
  })
    .argument("<old>", "what callers were written against")
    .argument("<new>", "what would answer them")
    .option("--json", "print { compatible, changes: [{ path, compatible, message }] }")
    .action(async (oldReference, newReference, { json }) => {
      const [before, after] = await Promise.all([schemaOf(oldReference), schemaOf(newReference)]);
      const changes = compareSchemas(before.schema, after.schema);
      const breaking = changes.filter((change) => !change.compatible);
      if (json) await printJson({ compatible: breaking.length === 0, changes });
      else {
        await printLines(changes.map((change) => changeLine(change, stdoutStyle())));
        say(summary(changes.length, breaking.length));
      }
      if (breaking.length > 0) process.exitCode = EXIT.failed;
    });
}

function summary(changes: number, breaking: number): string {
  if (changes === 0) return "no changes: the species is the same, or only names and docs differ";
  const count = `${changes} ${changes === 1 ? "change" : "changes"}`;
  return breaking === 0
    ? `${count}, all compatible`
    : `${count}, ${breaking} breaking: callers of the old need a new build`;
}
