import { connectNucleus, type NodeStatus, type ServiceStatus } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { formatDuration } from "./duration.ts";
import { networkNotes } from "./network_condition.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";
import { type Column, table, tableWithin } from "./table.ts";
import { stdoutWidth } from "./terminal.ts";
import { withoutControls } from "./without_controls.ts";

const COLUMNS: readonly Column[] = [
  { title: "SERVICE", align: "left" },
  { title: "STATE", align: "left" },
  { title: "UP", align: "right" },
  { title: "WANTED", align: "right" },
  { title: "MIN", align: "right", leftOut: 3 },
  { title: "MAX", align: "right", leftOut: 2 },
  { title: "IDLE AFTER", align: "right", leftOut: 1 },
  { title: "RELEASE", align: "right", leftOut: 5 },
  { title: "SPECIES", align: "left", leftOut: 4 },
];

/** `cell status` */
export function command(): AnyCommand {
  return createCommand("status", {
    description: "Show the agent of this home and the services that are deployed.",
    examples: [
      ["cell status", "the node, then its services"],
      ["cell status --json", "one object with all of it"],
      [`cell status --json | jq -r '.services[].name'`, "only the names"],
    ],
    notes: "UP counts the instances that answer, WANTED those that `cell scale` asked for.\n" +
      "An idle service has no instance now; a call starts one. A release in parentheses\n" +
      "is being started and becomes active when it has proved healthy.\n" +
      "Exit code 3 when no agent runs. For the instances: `cell ps`.",
  })
    .option("--on <node>", "the agent of another node of the cluster: its name or id")
    .option("--json", "print one object")
    .action(async ({ on, json }) => {
      await using nucleus = await connectNucleus({ node: on });
      const status = await nucleus.status();
      if (json) return await printJson(status);
      const style = stdoutStyle();
      await printLines(statusLines(status, stdoutWidth(), style));
      if (status.services.length === 0) say("nothing is deployed; `cell deploy FILE` deploys a service");
    });
}

/** What `cell status` prints. */
export function statusLines(status: NodeStatus, width: number | undefined, style: Style): string[] {
  const { node, pid, version, uptimeMs, home, services } = status;
  const about = [
    `node ${style.bold(node)}  pid ${pid}  version ${version}  up ${formatDuration(uptimeMs)}  ${home}`,
    ...networkNotes(status).map((note) => `${style.yellow("network")}: ${note}`),
  ];
  if (services.length === 0) return about;
  const rows = services.map((service) => row(service, style));
  const [titles = "", ...lines] = width === undefined ? table(COLUMNS, rows) : tableWithin(width, COLUMNS, rows);
  const reasons = services.flatMap(({ name, state, reason }) =>
    reason === null ? [] : [`${style.bold(name)} is ${state}: ${withoutControls(reason)}`]
  );
  return [...about, "", style.dim(titles), ...lines, ...(reasons.length === 0 ? [] : ["", ...reasons])];
}

function row(service: ServiceStatus, style: Style): string[] {
  const { name, state, up, replicas, minReplicas, maxReplicas, idleMs, releases } = service;
  const active = releases.filter(({ role }) => role === "active");
  return [
    name,
    styleServiceState(state, style),
    String(up),
    String(replicas),
    String(minReplicas),
    maxReplicas === null ? "-" : String(maxReplicas),
    formatDuration(idleMs),
    releases.map(({ number, role }) => (role === "candidate" ? `(${number})` : String(number))).join(" "),
    (active.length === 0 ? releases : active).map(({ species }) => species).join(" "),
  ];
}

function styleServiceState(state: ServiceStatus["state"], style: Style): string {
  switch (state) {
    case "up":
      return style.green(state);
    case "starting":
      return style.cyan(state);
    case "degraded":
      return style.yellow(state);
    case "idle":
    case "stopped":
      return style.dim(state);
    case "down":
      return style.red(state);
  }
}
