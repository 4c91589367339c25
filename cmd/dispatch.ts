import { didYouMean } from "../lib/base/mod.ts";
import { stderrStyle, stdoutStyle } from "./color.ts";
import type { CommandEntry } from "./commands.ts";
import { EXIT, exitCodeOf } from "./exit_code.ts";
import { commandsText, ENVIRONMENT_TEXT, EXIT_CODES_TEXT, helpText, TOPICS } from "./help.ts";
import { reportError } from "./report_error.ts";
import { say } from "./stderr.ts";
import { UsageError } from "./usage_error.ts";

/** What the binary starts itself with; not for people, and in no help. */
const HIDDEN: Record<string, () => Promise<{ main(args: string[]): Promise<void> }>> = {
  __complete: () => import("./hidden/complete.ts"),
  __schema: () => import("./hidden/schema.ts"),
  __serve: () => import("./hidden/serve.ts"),
  __worker: () => import("./hidden/worker.ts"),
};

/** Those of them that go on when their own part is done. */
const LINGERING: ReadonlySet<string> = new Set(["__serve", "__worker"]);

/** What may stand in a command's place. */
const OPTIONS = ["--help", "--version"];

/** Runs the command that the first argument names, and ends the process with its exit code. */
export async function dispatch(
  commands: readonly CommandEntry[],
  name: string | undefined,
  args: string[],
  version: string,
): Promise<void> {
  try {
    const lingers = await run(commands, name, args, version);
    if (lingers) return;
  } catch (thrown) {
    const { asTransportUsage } = await import("./transport.ts");
    const error = asTransportUsage(thrown);
    reportError(error, commands.some((entry) => entry.name === name) ? name : undefined);
    process.exit(exitCodeOf(error));
  }
  process.exit();
}

/** True when the process goes on after the command's own part is done. */
async function run(
  commands: readonly CommandEntry[],
  name: string | undefined,
  args: string[],
  version: string,
): Promise<boolean> {
  if (name === undefined) {
    say(helpText(version, stderrStyle()));
    process.exitCode = EXIT.usage;
    return false;
  }
  if (name === "help") return await help(commands, args, version);
  const hidden = Object.hasOwn(HIDDEN, name) ? HIDDEN[name] : undefined;
  if (hidden !== undefined) {
    await (await hidden()).main(args);
    return LINGERING.has(name);
  }
  const entry = find(commands, name);
  const { command } = await entry.load();
  const { parse } = await import("./parse.ts");
  await parse(command(), args);
  return entry.lingers === true;
}

async function help(commands: readonly CommandEntry[], args: string[], version: string): Promise<boolean> {
  const [topic] = args;
  if (topic === undefined) console.log(helpText(version, stdoutStyle()));
  else if (topic === "commands") console.log(commandsText(stdoutStyle()));
  else if (topic === "environment") console.log(ENVIRONMENT_TEXT);
  else if (topic === "exit-codes") console.log(EXIT_CODES_TEXT);
  else return await run(commands, find(commands, topic, TOPICS).name, ["--help"], version);
  return false;
}

function find(commands: readonly CommandEntry[], name: string, others: readonly string[] = []): CommandEntry {
  const entry = commands.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  if (/\.[cm]?[jt]sx?$/.test(name)) throw new UsageError(`"${name}" is a file. Did you mean \`cell run ${name}\`?`);
  const isOption = name.startsWith("-");
  const what = isOption ? "option" : "command";
  const names = isOption ? OPTIONS : [...commands.map((candidate) => candidate.name), "help", ...others];
  throw new UsageError(`there is no ${what} "${name}".${didYouMean(name, names)}`);
}
