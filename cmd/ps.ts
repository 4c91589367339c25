import { CellError, didYouMean } from "../lib/base/mod.ts";
import { type ServiceProcess, type Snapshot, takeSnapshot } from "../lib/machine/mod.ts";
import { NUCLEUS } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { processTable } from "./process_table.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { stdoutWidth } from "./terminal.ts";
import { withoutControls } from "./without_controls.ts";

/** This much of the log of an instance that cannot run is shown below the table. */
const LOG_LINES_MAX = 5;

/** `cell ps` */
export function command(): AnyCommand {
  return createCommand("ps", {
    description: "List the instances that run, or should run, on this machine under this user.",
    examples: [
      ["cell ps", "one line per instance"],
      ["cell ps hello", "those of one service"],
      ["cell ps nucleus", "the agent itself, else left out"],
      ["cell ps --json", "with the counters of every method"],
      [`cell ps --json | jq -r '.[].instance'`, "only the names"],
    ],
    notes: "NOW counts the calls in flight. P50 is the median of the method that is called\n" +
      "most, P99 the 99th percentile of the slowest. MEMORY is what the process has for\n" +
      "itself. CALLS/S and CPU are of the last heartbeat interval; of what `cell run`\n" +
      "started, since its start. A narrow terminal leaves columns out, a pipe none.",
  })
    .argument("[service]", "only this service", parseServiceName)
    .option("--json", "print an array of objects")
    .action(async (service, { json }) => {
      const snapshot = await takeSnapshot();
      const shown = snapshot.processes.filter((process) =>
        service === undefined ? process.service !== NUCLEUS : process.service === service
      );
      if (service !== undefined && shown.length === 0) assertKnown(service, snapshot);
      if (json) return await printJson(shown);
      if (shown.length > 0) {
        const style = stdoutStyle();
        await printLines([...processTable(shown, stdoutWidth(), style), ...await complaints(shown, style)]);
      }
      for (const note of notes(shown, snapshot, service)) say(note);
    });
}

/** Throws NOT_FOUND unless the service is deployed: then it may well have no instance. */
function assertKnown(service: string, { processes, node }: Snapshot): void {
  const deployed = node?.services.map(({ name }) => name) ?? [];
  if (deployed.includes(service)) return;
  const near = didYouMean(service, new Set([...deployed, ...processes.map((process) => process.service)]));
  throw new CellError("NOT_FOUND", `no service named ${service} runs or is deployed here.${near}`);
}

/** Why instances do not run, and what they said last. */
async function complaints(processes: readonly ServiceProcess[], style: Style): Promise<string[]> {
  const lines: string[] = [];
  for (const { instance, service, state, reason } of processes) {
    if (reason === null && state !== "crash-looping") continue;
    lines.push("", `${style.bold(instance)} is ${state}${reason === null ? "" : `: ${withoutControls(reason)}`}`);
    if (state !== "crash-looping" && state !== "down") continue;
    const { lastLines } = await import("../lib/logs/mod.ts");
    lines.push(...lastLines(instance, LOG_LINES_MAX).map((line) => style.dim(`  ${withoutControls(line)}`)));
    if (state === "crash-looping") lines.push(`  try again: cell restart ${service}`);
  }
  return lines;
}

/** What the table cannot show: services without instances, and an agent that is not there. */
function notes(shown: readonly ServiceProcess[], { agent, node }: Snapshot, service: string | undefined): string[] {
  const withoutInstances = (node?.services ?? [])
    .filter(({ name }) => service === undefined || name === service)
    .filter(({ name }) => !shown.some((process) => process.service === name))
    .map(({ name, state }) => `${name} (${state}${state === "idle" ? ", a call starts it" : ""})`);
  return [
    ...(withoutInstances.length === 0 ? [] : [`without instances: ${withoutInstances.join(", ")}`]),
    ...(agent === "silent" ? ["the nucleus does not answer: states are what the instances say themselves"] : []),
    ...(agent === "absent" && shown.some(({ number }) => number !== null)
      ? ["the nucleus is not running, nobody looks after these: cell up"]
      : []),
    ...(shown.length === 0 && withoutInstances.length === 0
      ? ["nothing is running; `cell run FILE` starts a service, `cell deploy FILE` keeps it running"]
      : []),
  ];
}
