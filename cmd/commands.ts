import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** What one operand of a command names, so that tab completion knows what to offer. */
export type Operand = "file" | "service" | "method" | "argument" | "reference" | "shell" | "new";

/** A file of cmd/: how the command is parsed and what it does. */
export interface CommandModule {
  command(): CommandUnknownOpts;
}

/** What is known of a command before its code is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly group: "Services" | "Types" | "Tools";
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
    usage: "run FILE",
    summary: "serve what a file exports, or run a script",
    operands: ["file"],
    lingers: true,
    load: () => import("./run.ts"),
  },
  {
    name: "call",
    group: "Services",
    usage: "call SERVICE METHOD [ARG...]",
    summary: "call a method",
    operands: ["service", "method", "argument"],
    operandsRepeat: true,
    load: () => import("./call.ts"),
  },
  {
    name: "ps",
    group: "Services",
    usage: "ps",
    summary: "list the services that run here",
    operands: [],
    load: () => import("./ps.ts"),
  },
  {
    name: "describe",
    group: "Types",
    usage: "describe SERVICE|FILE",
    summary: "show methods, types and docs",
    operands: ["reference"],
    load: () => import("./describe.ts"),
  },
  {
    name: "check",
    group: "Types",
    usage: "check FILE...",
    summary: "check types, and calls of services as they run",
    operands: ["file"],
    operandsRepeat: true,
    load: () => import("./check.ts"),
  },
  {
    name: "diff",
    group: "Types",
    usage: "diff OLD NEW",
    summary: "show what a change of types breaks",
    operands: ["reference", "reference"],
    load: () => import("./diff.ts"),
  },
  {
    name: "new",
    group: "Tools",
    usage: "new NAME",
    summary: "start a service that every editor type-checks",
    operands: ["new"],
    load: () => import("./new.ts"),
  },
  {
    name: "bench",
    group: "Tools",
    usage: "bench SERVICE METHOD [ARG...]",
    summary: "measure latency and throughput of a method",
    operands: ["service", "method", "argument"],
    operandsRepeat: true,
    load: () => import("./bench.ts"),
  },
  {
    name: "doctor",
    group: "Tools",
    usage: "doctor",
    summary: "check what this machine and home lack",
    operands: [],
    load: () => import("./doctor.ts"),
  },
  {
    name: "completions",
    group: "Tools",
    usage: "completions bash|zsh|fish",
    summary: "print tab completion for a shell",
    operands: ["shell"],
    load: () => import("./completions.ts"),
  },
];
