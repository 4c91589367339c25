/**
 * What the tests of the compiled binary share: a machine of its own for each test, and conditions to wait for instead of
 * time to pass.
 */
export { TestCluster } from "./cluster.ts";
export { ClusterNode, type ClusterNodeOptions } from "./cluster_node.ts";
export { COMMAND, CommandMachine } from "./command_machine.ts";
export { endHome, processesOf } from "./end_home.ts";
export { BINARY, type CommandOptions, Machine } from "./machine.ts";
export { Lan, type LanHost, whyNoLan } from "./lan.ts";
export { Running } from "./running.ts";
export { type Finished } from "./run_to_end.ts";
export { until } from "./until.ts";
