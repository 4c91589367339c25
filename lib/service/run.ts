import { dirname } from "node:path";
import type { Schema } from "../schema/mod.ts";
import type { ReadResult } from "../schema/typescript/mod.ts";
import { type Claim, claimName } from "./claim.ts";
import { handlersOf } from "./handlers.ts";
import { setOwnService } from "./identity.ts";
import { importFile } from "./import_file.ts";
import { ourImports } from "./imported_services.ts";
import { installModules } from "./modules.ts";
import { assertUserServiceName, serviceNameOf } from "./names.ts";
import { nothingCallable } from "./nothing_callable.ts";
import { readSource } from "./read_source.ts";
import { type RunningService, serve } from "./serve.ts";
import { sourceFile } from "./source_file.ts";

/** What a file is called while it is read when its own name is not valid: only a script gets away with that. */
const NAMELESS = "script";

/** How a file is run. */
export interface RunOptions {
  /** @default serviceNameOf(file) */
  name?: string;
  /** Takes our own lines (not the user's output), each without a newline at its end. */
  log: (line: string) => void;
  /** The SDK's module namespace: what user code gets for `import ... from "cell"`. */
  sdk: object;
  /** Which services may call, as `[cell.access] allow` in `cell.toml` says it. @default all */
  allow?: readonly string[] | undefined;
  /** A name that is held already (`cell run --watch` keeps it across restarts). */
  claim?: Claim;
  /**
   * A command that, given FILE and NAME as further arguments, calls `cacheSchema(FILE, NAME)`. When the schema is not
   * cached it is run as a child, so that the compiler's memory goes with it. Without it the compiler is loaded here.
   */
  schemaCommand?: readonly string[];
  /** Called once the service answers. Whoever is told so may stop it at once: signals are to be handled from here on. */
  onReady?: (service: RunningService) => void;
}

/** What became of the file: a service that answers now, or a script whose module has been run. */
export type RunOutcome = { kind: "service"; service: RunningService } | { kind: "script" };

/**
 * Runs a TypeScript file: as a service when it exports functions, as a script when it exports none but imports "cell" or
 * "cell:NAME". A script has run when this resolves; what it left pending goes on.
 */
export async function runFile(file: string, options: RunOptions): Promise<RunOutcome> {
  if (options.name !== undefined) assertUserServiceName(options.name);
  const path = sourceFile(file);
  const name = options.name ?? nameForReading(path);
  const source = await readSource(path, name, options.schemaCommand);
  if (Object.keys(source.schema.methods).length === 0) {
    await runScript(path, source, options);
    return { kind: "script" };
  }
  const service = await runService(path, options.name ?? serviceNameOf(path), source, options);
  options.onReady?.(service);
  return { kind: "service", service };
}

/** The schema of a file's service. Throws what is wrong with the file; one that exports nothing callable has no methods. */
export async function readSchema(file: string): Promise<Schema> {
  const path = sourceFile(file);
  return (await readSource(path, nameForReading(path))).schema;
}

async function runScript(path: string, source: ReadResult, options: RunOptions): Promise<void> {
  if (!ourImports(path).isDirect && Object.keys(source.remoteImports).length === 0) throw nothingCallable(path);
  setOwnService(undefined);
  installModules({ sdk: options.sdk, folder: dirname(path), importedNames: source.remoteImports });
  await importFile(path, { log: () => {} });
}

/** The name is taken before the file is run: a second start of the same service does nothing but say so. */
async function runService(
  path: string,
  name: string,
  source: ReadResult,
  options: RunOptions,
): Promise<RunningService> {
  const claim = options.claim ?? await claimName(name);
  // Whoever ends this process, user code included, leaves nothing behind.
  const release = () => claim.release();
  process.once("exit", release);
  try {
    setOwnService(name);
    installModules({
      sdk: options.sdk,
      folder: dirname(path),
      schemas: new Map([[name, source.schema]]),
      importedNames: source.remoteImports,
    });
    const exports = await importFile(path, options);
    const handlers = handlersOf(path, exports, source);
    const service = await serve(source.schema, handlers, claim, options.log, { allow: options.allow });
    service.stopped.then(() => process.off("exit", release));
    return service;
  } catch (error) {
    claim.release();
    process.off("exit", release);
    throw error;
  }
}

function nameForReading(path: string): string {
  try {
    return serviceNameOf(path);
  } catch {
    return NAMELESS;
  }
}
