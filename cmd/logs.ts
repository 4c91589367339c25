import { CellError, didYouMean } from "../lib/base/mod.ts";
import { followLogs, LINES_MAX, loggedInstances, loggedServices, type LogLine, readLogs } from "../lib/logs/mod.ts";
import { holders, INSTANCE_NUMBER_MAX } from "../lib/service/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { parseCount } from "./count.ts";
import { parseDuration } from "./duration.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { StreamOutput } from "./stdout.ts";
import { isTerminal, STDOUT } from "./terminal.ts";
import { untilUnwanted } from "./until_unwanted.ts";
import { UsageError } from "./usage_error.ts";
import { withoutControls } from "./without_controls.ts";

const LINES_DEFAULT = 100;
/** More instances than this are not listed in an error. */
const INSTANCES_SHOWN_MAX = 10;
/** More commands than this do not help. */
const NODES_SHOWN_MAX = 5;

/** `cell logs` */
export function command(): AnyCommand {
  return createCommand("logs", {
    description: "Show what instances of a service print, and what the agent notes about them.",
    examples: [
      ["cell logs hello", "the last lines of all instances"],
      ["cell logs hello -f -n 10", "10 lines, then what comes"],
      ["cell logs hello --since 5m --instance 2", "of hello@2"],
      ["cell logs nucleus -f", "the agent's own"],
      ["cell logs pi-kitchen/hello -f", "of another node of the cluster"],
    ],
    notes: "What `cell run` starts prints into its own terminal. A terminal is shown control\n" +
      "characters instead of being steered by them; a pipe gets them as they are.",
  })
    .argument("<service>", "a deployed service, or nucleus; NODE/SERVICE", parsePlacedName)
    .option("-f, --follow", "go on with what is printed from now on")
    .option("-n, --lines <count>", `how many (default: ${LINES_DEFAULT}, all with --since)`, parseLines)
    .option("--since <duration>", "only what is not older, such as 5m", parseDuration)
    .option("--instance <number>", "only one instance", parseNumber)
    .option("--json", "print { instance, time, stream, text } per line")
    .action(async ({ node, service }, { follow, lines, since, instance, json }) => {
      const wanted = {
        last: lines ?? (since === undefined ? LINES_DEFAULT : LINES_MAX),
        ...(since === undefined ? {} : { sinceMs: Date.now() - since }),
        ...(instance === undefined ? {} : { instance }),
      };
      const style = stdoutStyle();
      const format = json ? jsonLine : (line: LogLine): string => textLine(line, style, isTerminal(STDOUT));
      if (node !== undefined) return await printRemote(node, service, { ...wanted, follow: follow === true }, format);
      if (!loggedServices().includes(service)) return await nothingLogged(service);
      if (instance !== undefined && !follow) assertLogged(service, instance);
      const output = new StreamOutput();
      if (!follow) await output.write(readLogs(service, wanted).map(format).join(""));
      else {
        for await (const line of followLogs(service, { ...wanted, signal: untilUnwanted() })) {
          await output.write(format(line));
        }
      }
      await output.end();
    });
}

/** The line of one log line: `2026-11-21T12:00:00.123Z hello@2 text`, its beginning dimmed. */
export function textLine({ instance, time, stream, text }: LogLine, style: Style, isForTerminal: boolean): string {
  const shown = isForTerminal ? withoutControls(text) : text;
  const prefix = style.dim(`${time.toISOString()} ${instance}`);
  // What the agent notes is not what the service has printed.
  return `${prefix} ${stream === "system" ? style.yellow(`-- ${shown}`) : shown}\n`;
}

function jsonLine(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Throws NOT_FOUND, with the instances that have one, when there is no log of this instance. */
function assertLogged(service: string, number: number): void {
  if (loggedInstances(service, number).length > 0) return;
  const logged = loggedInstances(service);
  const shown = logged.slice(0, INSTANCES_SHOWN_MAX).join(", ") + (logged.length > INSTANCES_SHOWN_MAX ? ", ..." : "");
  throw new CellError("NOT_FOUND", `there is no log of ${service}@${number}. There are logs of ${shown}`);
}

/** Why there is nothing to show; throws NOT_FOUND, which says on which nodes there is, when there is no such service. */
async function nothingLogged(service: string): Promise<void> {
  const running = holders();
  const own = running.filter((holder) => holder.service === service);
  const bare = own.find(({ number }) => number === undefined);
  if (bare !== undefined) return say(`${service} prints into the terminal that runs it (pid ${bare.pid ?? "unknown"})`);
  if (own.length > 0) return say(`${service} has printed nothing yet`);
  const { otherNodesWith } = await import("./where_else.ts");
  const elsewhere = await otherNodesWith(service);
  if (elsewhere.length > 0) {
    const commands = elsewhere.slice(0, NODES_SHOWN_MAX).map((node) => `cell logs ${node}/${service}`).join(", ");
    throw new CellError("NOT_FOUND", `${service} runs on other nodes only, and logs there: ${commands}`);
  }
  const near = didYouMean(service, new Set([...loggedServices(), ...running.map((holder) => holder.service)]));
  throw new CellError("NOT_FOUND", `there is no log of a service named ${service}.${near}`);
}

/** Lines of another node's logs, as its agent gives them. */
async function printRemote(
  node: string,
  service: string,
  { last, sinceMs, instance, follow }: { last: number; sinceMs?: number; instance?: number; follow: boolean },
  format: (line: LogLine) => string,
): Promise<void> {
  const { connectNucleus } = await import("../lib/nucleus/client/mod.ts");
  await using nucleus = await connectNucleus({ node });
  const lines = nucleus.logs({
    service,
    last,
    follow,
    ...(sinceMs === undefined ? {} : { since: new Date(sinceMs) }),
    ...(instance === undefined ? {} : { instance }),
  });
  const output = new StreamOutput();
  const unwanted = untilUnwanted();
  unwanted.addEventListener("abort", () => void lines.return());
  for await (const line of lines) await output.write(format(line));
  await output.end();
}

/** `NODE/SERVICE`, or the service alone for this node. Throws UsageError. */
function parsePlacedName(text: string): { node: string | undefined; service: string } {
  const slash = text.lastIndexOf("/");
  if (slash === -1) return { node: undefined, service: parseServiceName(text) };
  if (slash === 0) throw new UsageError(`expected NODE/SERVICE, found "${text}"`);
  return { node: text.slice(0, slash), service: parseServiceName(text.slice(slash + 1)) };
}

function parseLines(text: string): number {
  return parseCount(text, "--lines", 0, LINES_MAX);
}

function parseNumber(text: string): number {
  return parseCount(text, "--instance", 1, INSTANCE_NUMBER_MAX);
}
