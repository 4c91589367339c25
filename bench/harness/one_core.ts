import { readFileSync } from "node:fs";

/**
 * The command, bound to one core, the same for all that use this. Two processes that wait for each other have no use for a
 * second core, but where the scheduler puts them decides more than what they do: a message to another core of a virtual
 * machine takes four times as long, and one side would get one and the other side the other. Only Linux can be told;
 * elsewhere the command stays as it is.
 */
export function onOneCore(command: string[]): string[] {
  const taskset = process.platform === "linux" ? Bun.which("taskset") : null;
  const core = taskset === null ? undefined : lastAllowedCore();
  return taskset === null || core === undefined ? command : [taskset, "--cpu-list", core, ...command];
}

/** The last one: interrupts tend to be served by the first. */
function lastAllowedCore(): string | undefined {
  return /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
}
