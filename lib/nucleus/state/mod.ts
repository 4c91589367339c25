/**
 * What was asked for, durably: services, their settings, their releases. What runs is not in here; it is found by its
 * locks.
 *
 * **One SQLite database**, `state.db`, with a write-ahead log and a full sync of every commit: a method that returned has
 * happened, also after a loss of power, and one that threw has not. Turned down: a JSON file that is written and renamed
 * (every change rewrites all of it, and a program of somebody else that reads or backs it up has no way to lock it); a log
 * of events of our own (what SQLite does, without twenty years of tests).
 *
 * **A file is judged before it is touched** (`open_database.ts`). SQLite takes an empty file for a new database, so ours is made
 * beside its place and linked to its name when it is whole, and an empty file is a damaged one. It opens what it may not
 * write for reading only, so that is asked first. A connection that only reads looks at format, tables, structure; what is
 * wrong is an error that names the file and says what to do. A file is never deleted, repaired or replaced by us.
 *
 * **Values have checksums.** SQLite notices a damaged structure, not a bit that has flipped in a value, and a wrong number
 * of instances is worse than an error. So every row has a checksum of its values, looked at when the file is opened and
 * whenever the row is read. A damaged log is a different matter: SQLite takes it for one that ends earlier, and an earlier
 * state would pass for the newest. So the log is emptied into the database after every change, before the method returns.
 *
 * **Invariants.** A service has at least one release that is active, and at most one candidate. The numbers of its releases
 * only grow while it exists. Every method is one transaction; `atomically` makes one of several.
 */
export { type OpenOptions } from "./open_database.ts";
export { StateStore } from "./state_store.ts";
export type { NewCandidate, NewRelease, NewService, StoredRelease, StoredService, StoredSettings } from "./stored.ts";
