import { LogFile } from "../logs/mod.ts";
import { openPackage } from "../package/mod.ts";
import {
  claimInstance,
  handlersOf,
  importFile,
  installModules,
  type RunningService,
  serve,
  setOwnService,
} from "../service/mod.ts";
import { captureOutput } from "./capture_output.ts";
import { guardStart } from "./failed_start.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { handleSignals } from "./signals.ts";
import { parseWorkerArguments, type WorkerArguments } from "./worker_arguments.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** SERVICE NUMBER RELEASE PACKAGE. */
  readonly args: readonly string[];
  /** The SDK's module namespace: what user code gets for `import ... from "cell"`. */
  readonly sdk: object;
}

/**
 * Serves one instance of a deployed service until it is told to stop, then ends the process. Throws only what is wrong with
 * the arguments: everything later is told in the log.
 */
export async function runWorker({ args, sdk }: WorkerOptions): Promise<void> {
  const worker = parseWorkerArguments(args);
  const log = new LogFile(worker.instance, { takesOutput: true });
  captureOutput(log);
  process.on("exit", () => log.flush());
  const note = (line: string): void => log.line("system", line);
  const signals = handleSignals(note);
  const service = await begin(worker, sdk, note);
  signals.onServing(service);
  const heartbeat = startHeartbeat(service, worker, log);
  await service.stopped;
  heartbeat.stop();
  process.exit(0);
}

async function begin(worker: WorkerArguments, sdk: object, note: (line: string) => void): Promise<RunningService> {
  using guard = guardStart(worker.instance, note);
  try {
    return await start(worker, sdk, note);
  } catch (error) {
    return guard.fail(error);
  }
}

async function start(worker: WorkerArguments, sdk: object, note: (line: string) => void): Promise<RunningService> {
  const { service, number, release } = worker;
  const { entry, manifest, schema } = await openPackage(worker.package);
  const claim = await claimInstance(service, number, { species: schema.species, release });
  // Whoever ends this process, user code included, leaves nothing behind.
  process.on("exit", () => claim.release());
  process.argv.splice(1, Infinity, entry);
  setOwnService(service, claim.instance);
  const schemas = new Map([...Object.entries(manifest.imports), [service, schema] as const]);
  installModules({ sdk, schemas, importedNames: manifest.remoteImports });
  const exports = await importFile(entry, { log: note });
  const { origins, defaultClass } = manifest;
  const handlers = handlersOf(entry, exports, { schema, origins, defaultClass });
  return await serve(schema, handlers, claim, note, { allow: manifest.allow });
}
