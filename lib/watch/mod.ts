/**
 * Keeps a service running while its files are edited: `cell run --watch`.
 *
 * The parent holds the service's name and never gives it up; the service itself is a child that inherits the lock. So a
 * restart is a new process without anything of the old one in it, and in between the name is still taken: callers see a
 * service that is starting, which they wait for, not one that does not exist. Loading the changed module into the same
 * process was turned down: timers, connections and listeners of the old code would live on, as would its memory.
 *
 * A change is tried before it is made: the new schema is read first, beside the service that runs. A syntax error or a type
 * that cannot cross the wire is reported, and the old code goes on serving. Then the old process drains and the new one
 * starts; what it throws on import is reported and the next change is waited for.
 *
 * Editors do not write files, they replace them: folders are watched, not files (`files.ts`), and what happens within some
 * milliseconds is one change.
 */
export { superviseFile, type SuperviseOptions } from "./supervisor.ts";
