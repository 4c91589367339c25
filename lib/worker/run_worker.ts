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
import { CellError } from "../base/mod.ts";
import { captureOutput } from "./capture_output.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { endOnSignals } from "./signals.ts";
import { parseWorkerArguments, type WorkerArguments } from "./worker_arguments.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** SERVICE NUMBER RELEASE PACKAGE. */
  readonly args: readonly string[];
  /** The SDK's module namespace: what user code gets for `import ... from "cell"`. */
  readonly sdk: object;
}

/** Exit code of a worker that could not begin to serve. */
const EXIT_FAILED = 1;

/**
 * Serves one instance of a deployed service until it is told to stop, then ends the process. Throws only what is wrong with
 * the arguments or the log file itself: everything later is told there.
 */
export async function runWorker({ args, sdk }: WorkerOptions): Promise<void> {
  const worker = parseWorkerArguments(args);
  const log = new LogFile(worker.instance, { takesOutput: true });
  captureOutput(log);
  process.on("exit", () => log.flush());
  const note = (line: string): void => log.line("system", line);
  let service: RunningService;
  try {
    service = await start(worker, sdk, note);
  } catch (error) {
    note(`${worker.instance} did not start: ${describe(error)}`);
    process.exit(EXIT_FAILED);
  }
  const heartbeat = startHeartbeat(service, worker, log);
  endOnSignals(service, note);
  await service.stopped;
  heartbeat.stop();
  process.exit(0);
}

async function start(worker: WorkerArguments, sdk: object, note: (line: string) => void): Promise<RunningService> {
  const { service: name, number, release } = worker;
  const { entry, manifest, schema } = await openPackage(worker.package);
  const claim = await claimInstance(name, number, { species: schema.species, release });
  // Whoever ends this process, user code included, leaves nothing behind.
  process.on("exit", () => claim.release());
  process.argv.splice(1, Infinity, entry);
  setOwnService(name);
  const schemas = new Map([...Object.entries(manifest.imports), [name, schema] as const]);
  installModules({ sdk, schemas, importedNames: manifest.remoteImports });
  const exports = await importFile(entry, { log: note });
  const { origins, defaultClass } = manifest;
  const handlers = handlersOf(entry, exports, { schema, origins, defaultClass });
  return await serve(schema, handlers, claim, note);
}

function describe(error: unknown): string {
  if (error instanceof CellError) return error.message;
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
