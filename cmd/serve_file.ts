import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describeMethod } from "../lib/schema/mod.ts";
import { type Claim, drainOnSignals, runFile, type RunningService } from "../lib/service/mod.ts";
import { stderrStyle } from "./color.ts";
import { exampleCall } from "./example_call.ts";
import { EXIT } from "./exit_code.ts";
import { selfCommand } from "./self.ts";
import { say } from "./stderr.ts";

/** More methods than this are counted, not listed. */
const METHODS_SHOWN_MAX = 10;

/** How `serveFile` differs from serving under the file's own name. */
export interface ServeOptions {
  name?: string;
  /** The process that holds the name and decides when to stop. */
  parent?: Parent;
  /** What a script finds in `process.argv` behind its own path. */
  args?: readonly string[];
}

/** What a process that was started by `cell run --watch` got from it. */
export interface Parent {
  claim: Claim;
  /** A pipe that ends with the parent. */
  fd: number;
}

/** Runs a file: a service until it is told to stop, then the process ends; a script until nothing is left to do. */
export async function serveFile(file: string, { name, parent, args = [] }: ServeOptions): Promise<void> {
  process.argv.splice(1, Infinity, resolve(file), ...args);
  const log = (line: string): void => say(line);
  const outcome = await runFile(file, {
    ...(name === undefined ? {} : { name }),
    ...(parent === undefined ? {} : { claim: parent.claim }),
    allow: await allowedBy(resolve(file)),
    sdk: await import("../sdk/mod.ts"),
    schemaCommand: selfCommand("__schema"),
    log,
    onReady: (service) => {
      // Before anybody hears that it is ready: whoever does may stop it at once.
      if (parent === undefined) drainOnSignals(service, log);
      else drainWithParent(service, parent);
      announce(service);
    },
  });
  if (outcome.kind === "script") return;
  await outcome.service.stopped;
  process.exit(EXIT.ok);
}

/** Which services may call, by the cell.toml beside the file; reading one is not loaded for the many that have none. */
async function allowedBy(file: string): Promise<readonly string[] | undefined> {
  if (!existsSync(join(dirname(file), "cell.toml"))) return undefined;
  const { configOf } = await import("../lib/package/mod.ts");
  return configOf(file).allow;
}

/** The parent says when to stop, with SIGTERM or by its end. Ctrl-C reaches both, and the parent decides what it means. */
function drainWithParent(service: RunningService, parent: Parent): void {
  process.on("SIGINT", () => {});
  process.once("SIGTERM", () => void service.drain());
  const ended = async (): Promise<void> => {
    for await (const _ of Bun.file(parent.fd).stream());
    await service.drain();
  };
  void ended();
}

/** Says what is served and how to call it. */
function announce({ name, schema }: RunningService): void {
  const style = stderrStyle();
  const names = Object.keys(schema.methods);
  const count = `${names.length} ${names.length === 1 ? "method" : "methods"}`;
  say(`${style.bold(style.green(name))} is ready: ${count}, species ${schema.species}, pid ${process.pid}`);
  for (const method of names.slice(0, METHODS_SHOWN_MAX)) {
    say(`  ${describeMethod(method, schema.methods[method]!)}`);
  }
  if (names.length > METHODS_SHOWN_MAX) {
    say(style.dim(`  and ${names.length - METHODS_SHOWN_MAX} more: cell describe ${name}`));
  }
  const [first] = names;
  if (first !== undefined) say(style.dim(`Try: ${exampleCall(name, first, schema)}`));
}
