/**
 * What runs on this machine, and what the machine lacks: the answers of `cell ps` and `cell doctor`.
 *
 * `processes.ts` shows what every live instance says of itself; one that hangs shows up without it. Memory is what the
 * kernel counts as the process's own anonymous memory; resident size was turned down because it counts the binary's pages
 * once for every instance that shares them.
 *
 * `checks/` holds one file per question that a person with a new machine has: can a home be made here, do sockets work,
 * are there enough file descriptors. A check never changes anything that it does not put back, never throws, and says
 * what to do when it fails. A check that can only guess warns; only what keeps a service from working fails.
 */
export { type Finding, type FindingStatus } from "./check.ts";
export { examineMachine } from "./examine.ts";
export { listProcesses, type ServiceProcess } from "./processes.ts";
