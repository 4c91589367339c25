/**
 * The node agent: keeps what was deployed on this machine running.
 *
 * **Three kinds of state.** What is wanted is in `state.db` (`state/`) and changes only by a request that was checked. What
 * is there are processes: their locks in `run/` and their pids, which nobody has to write down and no crash falsifies. What
 * is going on between the two (back-off, heartbeats that were missed, a candidate under observation) lives in memory in the
 * core (`core/`) and may be lost: after a crash the agent looks at what runs and what is wanted, and goes on from there.
 *
 * **The core decides, this room does.** `Supervisor` hands what happens to the core, a state machine without I/O, and
 * carries out what it wants: start, drain, kill, ping, promote. It has one timer and one queue. Turned down: a class per
 * instance that awaits its process, with timers of its own, which nobody can test for all orders of events.
 *
 * **Durable first.** A request is checked, stored, and only then told to the core. So what was acknowledged survives power
 * loss, and a full disk refuses the request and changes nothing that runs.
 *
 * **The data path does not come through here.** Callers find instances by their locks. They ask the agent for one thing only:
 * to start an instance where none runs (`activation.ts`). While the agent is dead everything goes on; the next one adopts
 * the workers as they are (`adoption.ts`), whether it comes after a crash or was executed in the place of this one
 * (`upgrade.ts`).
 *
 * **It is a service.** `NucleusService` is its API with a schema like any other (`client/`), and it is hosted as a role.
 */
export { initHome, type InitOptions, type InitResult } from "./home/mod.ts";
export type { RunNucleusOptions } from "./options.ts";
export { runNucleus } from "./run_nucleus.ts";
