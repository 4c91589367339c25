import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/**
 * What one operand of a command names, so that tab completion knows what to offer. "supervised" is a deployed service or
 * the agent itself, "placed" one of these here or NODE/SERVICE, "discovered" a service anywhere in the cluster; nothing is
 * known of a "word".
 */
export type Operand =
  | "file"
  | "service"
  | "deployed"
  | "supervised"
  | "count"
  | "method"
  | "argument"
  | "reference"
  | "shell"
  | "new"
  | "placed"
  | "discovered"
  | "token action"
  | "token"
  | "members action"
  | "node"
  | "word";

/** A file of cmd/: how the command is parsed and what it does. */
export interface CommandModule {
  command(): CommandUnknownOpts;
}

/** What is known of a command before its code is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly group: "Services" | "Node" | "Cluster" | "Development";
  /** What a newcomer needs has a line in `cell --help`; the others are named there and listed by `cell help commands`. */
  readonly isEssential?: true;
  /** As the help shows them. */
  readonly usage: string;
  readonly summary: string;
  /** In order; the last one repeats when `operandsRepeat`. */
  readonly operands: readonly Operand[];
  readonly operandsRepeat?: true;
  /** The process goes on when the action has returned, until nothing is left to do. */
  readonly lingers?: true;
  load(): Promise<CommandModule>;
}

/** Every command, in the order of the help. This table is all that is loaded before a command is known. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    group: "Services",
    isEssential: true,
    usage: "run FILE",
    summary: "serve what a file exports, or run a script",
    operands: ["file"],
    lingers: true,
    load: () => import("./run.ts"),
  },
  {
    name: "call",
    group: "Services",
    isEssential: true,
    usage: "call SERVICE METHOD [ARG...]",
    summary: "call a method",
    operands: ["service", "method", "argument"],
    operandsRepeat: true,
    load: () => import("./call.ts"),
  },
  {
    name: "deploy",
    group: "Services",
    isEssential: true,
    usage: "deploy FILE|FOLDER",
    summary: "keep instances of a service running",
    operands: ["file"],
    load: () => import("./deploy.ts"),
  },
  {
    name: "ps",
    group: "Services",
    isEssential: true,
    usage: "ps [SERVICE]",
    summary: "list instances: state, calls, latency, memory",
    operands: ["service"],
    load: () => import("./ps.ts"),
  },
  {
    name: "logs",
    group: "Services",
    isEssential: true,
    usage: "logs SERVICE",
    summary: "show what a service prints",
    operands: ["placed"],
    load: () => import("./logs.ts"),
  },
  {
    name: "scale",
    group: "Services",
    usage: "scale SERVICE COUNT",
    summary: "change how many instances run",
    operands: ["deployed", "count"],
    load: () => import("./scale.ts"),
  },
  {
    name: "swap",
    group: "Services",
    usage: "swap SERVICE FILE|FOLDER",
    summary: "replace a version without losing a call",
    operands: ["deployed", "file"],
    load: () => import("./swap.ts"),
  },
  {
    name: "stop",
    group: "Services",
    usage: "stop SERVICE",
    summary: "stop all instances, keep the service deployed",
    operands: ["deployed"],
    load: () => import("./stop.ts"),
  },
  {
    name: "restart",
    group: "Services",
    usage: "restart SERVICE",
    summary: "start every instance afresh, without a gap",
    operands: ["supervised"],
    load: () => import("./restart.ts"),
  },
  {
    name: "rm",
    group: "Services",
    usage: "rm SERVICE",
    summary: "stop a service and forget it",
    operands: ["deployed"],
    load: () => import("./rm.ts"),
  },
  {
    name: "top",
    group: "Services",
    usage: "top [SERVICE]",
    summary: "watch the instances live",
    operands: ["service"],
    load: () => import("./top.ts"),
  },
  {
    name: "up",
    group: "Node",
    isEssential: true,
    usage: "up",
    summary: "start the agent that keeps services running",
    operands: [],
    load: () => import("./up.ts"),
  },
  {
    name: "down",
    group: "Node",
    isEssential: true,
    usage: "down",
    summary: "stop the deployed services and the agent",
    operands: [],
    load: () => import("./down.ts"),
  },
  {
    name: "status",
    group: "Node",
    usage: "status",
    summary: "show the agent and the deployed services",
    operands: [],
    load: () => import("./status.ts"),
  },
  {
    name: "health",
    group: "Node",
    usage: "health",
    summary: "say whether all is well, and if not why",
    operands: [],
    load: () => import("./health.ts"),
  },
  {
    name: "init",
    group: "Node",
    usage: "init",
    summary: "lay out the home directory",
    operands: [],
    load: () => import("./init.ts"),
  },
  {
    name: "nucleus",
    group: "Node",
    usage: "nucleus",
    summary: "run the agent in the foreground",
    operands: [],
    load: () => import("./nucleus.ts"),
  },
  {
    name: "doctor",
    group: "Node",
    usage: "doctor",
    summary: "check what this machine and home lack",
    operands: [],
    load: () => import("./doctor.ts"),
  },
  {
    name: "token",
    group: "Cluster",
    isEssential: true,
    usage: "token create|ls|revoke",
    summary: "let other machines join this one",
    operands: ["token action", "token"],
    load: () => import("./token.ts"),
  },
  {
    name: "join",
    group: "Cluster",
    isEssential: true,
    usage: "join TOKEN [HOST:PORT]",
    summary: "make this machine a node of their cluster",
    operands: ["word", "word"],
    load: () => import("./join.ts"),
  },
  {
    name: "members",
    group: "Cluster",
    usage: "members [remove NODE]",
    summary: "list the nodes of the cluster, or cut one off",
    operands: ["members action", "node"],
    load: () => import("./members.ts"),
  },
  {
    name: "topology",
    group: "Cluster",
    usage: "topology",
    summary: "show regions, nodes and instances as a tree",
    operands: [],
    load: () => import("./topology.ts"),
  },
  {
    name: "discover",
    group: "Cluster",
    usage: "discover [SERVICE]",
    summary: "list the instances in the cluster",
    operands: ["discovered"],
    load: () => import("./discover.ts"),
  },
  {
    name: "leave",
    group: "Cluster",
    usage: "leave",
    summary: "say goodbye to the other nodes",
    operands: [],
    load: () => import("./leave.ts"),
  },
  {
    name: "describe",
    group: "Development",
    isEssential: true,
    usage: "describe SERVICE|FILE",
    summary: "show methods, types and docs",
    operands: ["reference"],
    load: () => import("./describe.ts"),
  },
  {
    name: "check",
    group: "Development",
    isEssential: true,
    usage: "check FILE...",
    summary: "check types, and calls of services as they run",
    operands: ["file"],
    operandsRepeat: true,
    load: () => import("./check.ts"),
  },
  {
    name: "diff",
    group: "Development",
    usage: "diff OLD NEW",
    summary: "show what a change of types breaks",
    operands: ["reference", "reference"],
    load: () => import("./diff.ts"),
  },
  {
    name: "new",
    group: "Development",
    usage: "new NAME",
    summary: "start a service that every editor type-checks",
    operands: ["new"],
    load: () => import("./new.ts"),
  },
  {
    name: "bench",
    group: "Development",
    usage: "bench SERVICE METHOD [ARG...]",
    summary: "measure latency and throughput of a method",
    operands: ["service", "method", "argument"],
    operandsRepeat: true,
    load: () => import("./bench.ts"),
  },
  {
    name: "completions",
    group: "Development",
    usage: "completions bash|zsh|fish",
    summary: "print tab completion for a shell",
    operands: ["shell"],
    load: () => import("./completions.ts"),
  },
];
