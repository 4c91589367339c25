import { readFileSync } from "node:fs";

/**
 * Where the processes of one side run. Where the scheduler puts two processes that talk to each other decides more than what they
 * do: over sockets a message to another core of a virtual machine takes several times as long as one that stays, and a process
 * that polls needs a core. What is compared is placed alike. Only Linux can be told; elsewhere commands stay as they are.
 */
export type Placement = (command: string[], role: "server" | "client") => string[];

/** All on one core. Two processes that sleep while they wait for each other have no use for a second one. */
export const onOneCore: Placement = (command) => onCore(allowedCores().last, command);

/** Servers on one core, clients on another one. */
export const onTwoCores: Placement = (command, role) => {
  const { first, last } = allowedCores();
  return onCore(role === "server" ? last : first, command);
};

/** Wherever the scheduler puts them, as a user has it. */
export const anywhere: Placement = (command) => command;

function onCore(core: string | undefined, command: string[]): string[] {
  const taskset = process.platform === "linux" ? Bun.which("taskset") : null;
  return taskset === null || core === undefined ? command : [taskset, "--cpu-list", core, ...command];
}

/** The ends of a list like "0-3,8": interrupts tend to be served by the first. */
function allowedCores(): { first?: string; last?: string } {
  if (process.platform !== "linux") return {};
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  const cores = list?.match(/\d+/g);
  return cores === undefined || cores === null ? {} : { first: cores[0]!, last: cores.at(-1)! };
}
