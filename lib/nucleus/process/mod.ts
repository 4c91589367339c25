/**
 * The operating system's side of supervision: starting a worker, signalling it, hearing of its end, finding what an agent
 * that is gone left behind. It decides nothing.
 *
 * **A worker leads a session.** Its pid is the number of its process group, so whatever it starts can be ended with it,
 * and a terminal's signals do not reach it. A child that has made a session of its own has left on purpose and is left
 * alone. Control groups would hold everything, but need a machine that delegates them.
 *
 * **Two kinds of workers.** The end of a child is reported by the runtime. An adopted worker is usually nobody's child here:
 * its end is the end of a connection to it, and then a look at its pid together with its start time, because pids are used
 * again. After the agent has executed its new binary the workers are its children still, but the runtime does not know
 * them: they are reaped by pid, or they would stay as zombies. Polling all pids, and pidfds through libc, were turned down:
 * a connection costs nothing while nothing happens.
 *
 * **Nothing is killed on a guess.** A process is ours if it carries this home and an instance's name in its environment, and
 * is a worker by its command line or is in the session of one that is gone. A pid is never taken for a process: whoever is
 * signalled has the start time, too, that the worker had.
 *
 * Invariants: `onExit` comes once for every worker, after its group was killed; a worker that was started has nothing of the
 * agent but its standard files, no environment but what is listed.
 */
export { findLeftovers, killOrphans, type Leftovers, seeOff, type WorkerProcess } from "./leftovers.ts";
export { ping, type Pong } from "./ping.ts";
export { Processes, type ProcessesOptions, type WorkerCode } from "./processes.ts";
export { isRunning, mayBeWorkerOf, processEntry } from "./process_table.ts";
