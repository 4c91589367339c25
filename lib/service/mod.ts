/**
 * From a file to a service that answers, and from a service's name to a call that arrives.
 *
 * **A name is a lock.** `run/NAME.lock` is locked (flock) by whoever serves NAME, for as long as it lives: the kernel
 * grants it to exactly one of any number of processes that start at the same instant, and takes it back from one that
 * dies in any way. `run/NAME.sock` is only where the holder listens; without a holder it is a crashed process's, and
 * whoever notices removes it. Turned down: binding the socket as the claim (a crash leaves it behind, and between "nobody
 * answers" and "remove it" somebody else may have begun to listen), and pid files (pids are used again). What the lock
 * file says is for others to read.
 *
 * **Instances have numbers.** An instance of a deployed service holds `NAME@N` in the same way, with its species and
 * release in the lock file: a caller knows what runs, and where, from one look into the directory, whoever is dead. A name
 * is held whole or by instances, never both: a person's experiment does not take a part of the callers away unseen.
 *
 * **A draining service has given its name up.** It stops listening and unlocks first, then lets its calls finish, so a
 * successor starts while they do. New calls that still reach it are refused as not started, and clients make them again
 * on the successor. A client never makes a call again that may have run, unless the method is idempotent.
 *
 * **Who waits for whom.** A name that is held but does not accept connections belongs to a service that is starting: the
 * caller waits, within its deadline. Where nobody runs, the node agent is asked to start an instance, once for all that
 * wait (`activate.ts`); without an agent, or for what it does not know, the answer is NOT_FOUND at once, except for a
 * client that reached the service before: it gives a restart two seconds. `Directory` is the seam where other machines
 * come in (`network/`): what runs nowhere here is asked for in the cluster, and what is served here is offered to it. Between
 * callers and instances there is nobody (`pool/`).
 *
 * **What moves the bytes is the caller's choice** (`transport.ts`), made once for each client: by its option, by the environment,
 * else the fastest that works. On this machine a server takes sockets and shared memory, and says so in its lock file: one
 * from before shared memory would end the connection if it were asked. What looks into a service or speaks with the agent
 * keeps to the socket, whatever somebody chose.
 *
 * **Who may call** a service is for its `cell.toml` to say (`authorize.ts`). Somebody on another node is who the certificate
 * says; a process of this machine is of the service whose lock it holds. One that has given its name up and finishes its calls,
 * or whose parent holds the name, has a lock of its own that says so (`process_mark.ts`), so that its calls are not taken for
 * a command's. Turned down: believing what a caller says of itself in each call, and giving each process a secret (all
 * processes of one user can read each other's memory anyway).
 *
 * **What is made again, and where.** `request.ts` says what may be done about a failed call, `retried_call.ts` does it: at
 * once on an instance that was not tried, after a growing wait when all were. One deadline bounds finding, connecting, waiting
 * and the answer together (`call_time.ts`), also for callers that set none; a stream is bounded only while it is looked for.
 * A service that nobody has is told at once (`nowhere.ts`), with the nodes that could not be asked.
 *
 * **Importing is connecting, later.** "cell" and "cell:NAME" are resolved by a plugin of the runtime, also inside the
 * compiled binary and for files anywhere on the disk. The exports of "cell:NAME" are made from the schema that the
 * importer was compiled against (`.cell/types/NAME.schema.json`), else from the one that NAME has now, else from the names
 * that the source uses; so NAME need not run when it is imported, and two services may import each other. The schema that
 * the functions were made from travels with their calls as genes: a server that has changed says what differs.
 *
 * **Types are read elsewhere.** A schema in the cache costs a few milliseconds. Otherwise the compiler runs in a child
 * process: loaded here it would keep tens of megabytes for as long as the service lives.
 *
 * **User code shares the process and is trusted, not believed.** A promise that it forgot or a timer that throws is logged
 * and the service goes on; `process.exit` gives the name up; a file that throws on import, never finishes loading or
 * exports nothing callable is an error that names file and line. Its standard output is its own: our lines go to a `log`.
 */
export { ACCESS_PATTERNS_MAX, parseAccessList } from "./access_list.ts";
export { type Claim, claimInstance, claimName, inheritClaim, type InstanceOrigin, resumeClaim } from "./claim.ts";
export { handlersOf, type HandlersSource } from "./handlers.ts";
export { type Holder, holders, instanceOfProcess, servedNames } from "./holders.ts";
export {
  cacheDirectory,
  dataDirectory,
  home,
  keysDirectory,
  logsDirectory,
  packagesDirectory,
  runDirectory,
} from "./home.ts";
export { ownService, setOwnService } from "./identity.ts";
export { type Exports, importFile, type ImportOptions } from "./import_file.ts";
export {
  formatInstanceId,
  INSTANCE_NUMBER_MAX,
  type InstanceId,
  INSTANCES_MAX,
  parseInstanceId,
} from "./instance_id.ts";
export { type Instance, listInstances } from "./instances.ts";
export { localSecret } from "./local_secret.ts";
export { setMethodOptions } from "./method_options.ts";
export { ourImports } from "./imported_services.ts";
export { installModules, type ModulesOptions } from "./modules.ts";
export { assertServiceName, assertUserServiceName, NUCLEUS, serviceNameOf } from "./names.ts";
export { nothingCallable } from "./nothing_callable.ts";
export { findPinnedSchema } from "./pinned.ts";
export {
  connectService,
  type ConnectServiceOptions,
  openService,
  type RemoteCallOptions,
  type RemoteService,
  type TransportInUse,
} from "./remote.ts";
export { readSchema, runFile, type RunOptions, type RunOutcome } from "./run.ts";
export { cacheSchema, readSource } from "./read_source.ts";
export { DRAIN_GRACE_MS, type RunningService, serve, type ServeOptions } from "./serve.ts";
export { drainOnSignals } from "./signals.ts";
export { sourceFile } from "./source_file.ts";
export { chooseTransport, parseTransport, TRANSPORT_VARIABLE, type TransportChoice } from "./transport.ts";
export { surviveUserFailures } from "./user_failures.ts";
export { userFrames, withoutPackagePath } from "./user_frames.ts";
