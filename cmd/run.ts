import { serviceNameOf } from "../lib/service/mod.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { reportError } from "./report_error.ts";
import { selfCommand } from "./self.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";

/** `cell run` */
export function command(): AnyCommand {
  return createCommand("run", {
    description: "Serve the functions that a TypeScript file exports. A file that exports none " +
      'and imports "cell" or "cell:NAME" is run as a script.',
    examples: [
      ["cell run hello.ts", "serve hello.ts as hello"],
      ["cell run hello.ts --name greeter", "serve it as greeter"],
      ["cell run hello.ts --watch", "start again on every change"],
      ["cell run report.ts -- --month 7", "run a script with arguments"],
    ],
    notes: "SIGTERM and Ctrl-C let the calls in flight finish; a second signal ends at once.\n" +
      "With --watch the name is kept: callers wait while the new code starts. A mistake\n" +
      "in the code or its types is reported, and the old code goes on serving; code\n" +
      "that throws on import ends the service until the next change.",
  })
    .argument("<file>", "a TypeScript file")
    .argument("[args...]", "arguments of a script, after --")
    .option("-n, --name <name>", "the service's name (default: the file's)", parseServiceName)
    .option("-w, --watch", "start again when the file, or one that it imports, changes")
    .action(async (file, args, { name, watch }) => {
      if (!watch) {
        const { serveFile } = await import("./serve_file.ts");
        return await serveFile(file, { args, ...(name === undefined ? {} : { name }) });
      }
      const { superviseFile } = await import("../lib/watch/mod.ts");
      process.exitCode = await superviseFile(file, {
        name: name ?? serviceNameOf(file),
        serveCommand: selfCommand("__serve"),
        schemaCommand: selfCommand("__schema"),
        args,
        log: (line) => say(line),
        report: (error) => reportError(error),
      });
    });
}
