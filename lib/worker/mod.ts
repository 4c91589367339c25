/**
 * One instance of a deployed service: the process that the node agent starts, and that needs it for nothing afterwards.
 *
 * It opens its package (every byte is checked), takes the name of its instance, turns what the code prints into its log,
 * loads the code, serves, and tells the agent. Then it reports its load in every interval. An agent that is dead costs one
 * look at its socket per interval; a new one is registered with at the next. Calls never notice either.
 *
 * **Who ends it.** SIGTERM drains it; a second one ends it at once. SIGINT is ignored: a terminal sends it to everybody,
 * and what it means is the agent's decision. A failure before it serves is a line in the log and exit code 1; afterwards
 * the service goes on whatever its code forgets, as with `cell run`.
 *
 * **Output.** `console` and `process.stdout` write into the log directly. The formatting is that of the runtime's console
 * (`Bun.inspect`), without loading node:console or node:stream, which would cost 2 MB in each of hundreds of workers that
 * never print an object. Turned down: a pipe to ourselves (needs the event loop, so a crash loses what matters most).
 *
 * **Memory.** Hundreds of these are idle on one machine, so the chunk that is loaded has no command line, no compiler and
 * no database, and the load is reported over one connection with the two methods' codecs only.
 */
export { runWorker, type WorkerOptions } from "./run_worker.ts";
