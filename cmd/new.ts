import { relative } from "node:path";
import { createService } from "../lib/project/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";

/** `cell new` */
export function command(): AnyCommand {
  return createCommand("new", {
    description: "Start a service: a file, a tsconfig.json and the declarations that make any editor check " +
      "its types. Nothing that exists is overwritten.",
    examples: [
      ["cell new hello", "hello/hello.ts and what it needs"],
      ["cell new billing --in .", "billing.ts in this folder"],
    ],
  })
    .argument("<name>", "the service's name", parseServiceName)
    .option("--in <folder>", "the folder (default: one with the service's name)")
    .action(async (name, options) => {
      const { file, created, kept } = await createService(name, options.in ?? name);
      const shown = (path: string): string => relative(process.cwd(), path) || path;
      for (const path of created) say(`created ${shown(path)}`);
      for (const path of kept) say(`kept    ${shown(path)}, which was there already`);
      say(`\nNext:\n  cell run ${shown(file)} --watch\n  cell call ${name} greet name=World`);
    });
}
