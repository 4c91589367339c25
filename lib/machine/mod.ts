/**
 * What runs on this machine, and what the machine lacks: the answers of `cell ps` and `cell doctor`.
 *
 * `snapshot.ts` asks every live instance, which it finds by the locks, and the agent: one that hangs shows up without what
 * it did not say, and without an agent everything that runs is there all the same. The state of an instance is what the
 * agent says, its counters are its own, memory and CPU are the kernel's. Memory is what the kernel counts as the process's
 * own anonymous memory; resident size was turned down because it counts the binary's pages once for every instance that
 * shares them. Rates are those of the last heartbeat; measuring them for a listing would make it as slow as the
 * measurement. `rates.ts` does so for whoever looks again and again.
 *
 * `checks/` holds one file per question that a person with a new machine has: can a home be made here, do sockets work,
 * are there enough file descriptors. A check never changes anything that it does not put back, never throws, and says
 * what to do when it fails. A check that can only guess warns; only what keeps a service from working fails.
 */
export { type Finding, type FindingStatus } from "./check.ts";
export { examineMachine } from "./examine.ts";
export { mergeProcesses, type ProcessState, type ServiceProcess } from "./processes.ts";
export { Rates } from "./rates.ts";
export { listProcesses, type Snapshot, takeSnapshot } from "./snapshot.ts";
