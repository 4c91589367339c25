import { CellError, didYouMean } from "../lib/base/mod.ts";
import { type ServiceProcess, type Snapshot, takeSnapshot } from "../lib/machine/mod.ts";
import { NUCLEUS, type ServiceStatus } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { sayUnanswered } from "./ask_nodes.ts";
import { clusterTable, processTable } from "./process_table.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { stdoutWidth } from "./terminal.ts";
import { EXIT } from "./exit_code.ts";
import { UsageError } from "./usage_error.ts";
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
      ["cell ps --all", "those of every node of the cluster"],
      ["cell ps nucleus", "the agent itself, else left out"],
      ["cell ps --json", "with the counters of every method"],
    ],
    notes: "NOW: calls in flight. P50: median of the method that is called most; P99: 99th\n" +
      "percentile of the slowest. MEMORY: what the process has for itself. CALLS/S and\n" +
      "CPU: of the last heartbeat interval; of what `cell run` serves, all its life.",
  })
    .argument("[service]", "only this service", parseServiceName)
    .option("-a, --all", "of every node; exit code 1 if one does not answer or has failed")
    .option("--on <node>", "of another node of the cluster: its name or id")
    .option("--json", "print an array of objects")
    .action(async (service, { all, on, json }) => {
      if (all && on !== undefined) throw new UsageError("--all is every node, --on is one: give one of them");
      if (all) return await listCluster(service, json);
      if (on !== undefined) return await listNode(on, service, json);
      const snapshot = await takeSnapshot();
      const shown = wanted(snapshot.processes, service);
      if (service !== undefined && shown.length === 0) await assertKnown(service, snapshot);
      if (json) return await printJson(shown);
      if (shown.length > 0) {
        const style = stdoutStyle();
        await printLines([...processTable(shown, stdoutWidth(), style), ...await complaints(shown, style)]);
      }
      for (const note of notes(shown, snapshot, service)) say(note);
    });
}

function wanted<T extends ServiceProcess>(processes: readonly T[], service: string | undefined): T[] {
  return processes.filter((process) =>
    service === undefined ? process.service !== NUCLEUS : process.service === service
  );
}

/** What runs on every node; says who has not answered, and that its part is missing by the exit code. */
async function listCluster(service: string | undefined, json: true | undefined): Promise<void> {
  const { clusterProcesses } = await import("./cluster_processes.ts");
  const { processes, services, answers, failed } = await clusterProcesses();
  const shown = wanted(processes, service);
  const idle = services.filter(({ node, name }) =>
    (service === undefined || name === service) &&
    !shown.some((process) => process.node === node && process.service === name)
  );
  const isComplete = sayUnanswered(answers);
  if (!isComplete || failed.length > 0) process.exitCode = EXIT.failed;
  if (service !== undefined && shown.length === 0 && idle.length === 0 && isComplete) {
    const names = [...services.map(({ name }) => name), ...processes.map((process) => process.service)];
    const near = didYouMean(service, new Set(names));
    throw new CellError("NOT_FOUND", `no service named ${service} runs or is deployed in the cluster.${near}`);
  }
  if (json) await printJson(shown);
  else if (shown.length > 0) await printLines(clusterTable(shown, stdoutWidth(), stdoutStyle()));
  if (idle.length > 0) {
    const named = idle.map(({ node, name, state }) => `${node}/${name} (${state}${idleAdvice(state)})`);
    say(`without instances: ${withoutControls(named.join(", "))}`);
  } else if (shown.length === 0) say("nothing is running on any node that answers");
  if (failed.length > 0) say(`failed, nobody knows what runs there: ${withoutControls(failed.join(", "))}`);
}

async function listNode(node: string, service: string | undefined, json: true | undefined): Promise<void> {
  const { nodeProcesses } = await import("./cluster_processes.ts");
  const processes = await nodeProcesses(node);
  const shown = wanted(processes, service);
  if (json) return await printJson(shown);
  if (shown.length > 0) return await printLines(processTable(shown, stdoutWidth(), stdoutStyle()));
  say(service === undefined ? `nothing is running on ${node}` : `no instance of ${service} runs on ${node}`);
}

/** Throws NOT_FOUND unless the service is deployed: then it may well have no instance. */
async function assertKnown(service: string, { processes, node }: Snapshot): Promise<void> {
  const deployed = node?.services.map(({ name }) => name) ?? [];
  if (deployed.includes(service)) return;
  const near = didYouMean(service, new Set([...deployed, ...processes.map((process) => process.service)]));
  const { otherNodesWith, runsOn } = await import("./where_else.ts");
  const elsewhere = node === null ? [] : await otherNodesWith(service);
  const advice = elsewhere.length === 0 ? near : runsOn(elsewhere, "--all");
  throw new CellError("NOT_FOUND", `no service named ${service} runs or is deployed here.${advice}`);
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

function idleAdvice(state: ServiceStatus["state"]): string {
  return state === "idle" ? ", a call starts it" : "";
}

/** What the table cannot show: services without instances, and an agent that is not there. */
function notes(shown: readonly ServiceProcess[], { agent, node }: Snapshot, service: string | undefined): string[] {
  const withoutInstances = (node?.services ?? [])
    .filter(({ name }) => service === undefined || name === service)
    .filter(({ name }) => !shown.some((process) => process.service === name))
    .map(({ name, state }) => `${name} (${state}${idleAdvice(state)})`);
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
