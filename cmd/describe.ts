import { schemaOf } from "../lib/project/mod.ts";
import { describeSchema } from "../lib/schema/mod.ts";
import { stderrStyle, stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { styleSignatures } from "./signature_style.ts";
import { say } from "./stderr.ts";
import { print, printJson } from "./stdout.ts";

/** `cell describe` */
export function command(): AnyCommand {
  return createCommand("describe", {
    description: "Show the methods, types and docs of a running service, a TypeScript file or a schema.",
    examples: [
      ["cell describe hello", "a service that runs"],
      ["cell describe ./hello.ts", "a file, without running it"],
      ["cell describe hello --json > hello.json", "the schema document"],
      ["cell describe hello.json", "a schema document"],
    ],
  })
    .argument("<service|file>", "the name of a running service, a .ts file or a schema's .json file")
    .option("--json", "print the schema document")
    .action(async (reference, { json }) => {
      const { kind, schema } = await schemaOf(reference);
      if (json) return await printJson(schema);
      say(stderrStyle().dim(`${schema.name} (${kind}), species ${schema.species}`));
      await print(`${styleSignatures(describeSchema(schema).trimEnd(), stdoutStyle())}\n`);
    });
}
