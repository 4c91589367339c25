import type { OnLoadResult } from "bun";
import { CellError } from "../base/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { directoryFor } from "./directory_for.ts";
import { ownService } from "./identity.ts";
import { liveSchema } from "./live_schema.ts";
import { assertServiceName } from "./names.ts";
import { findPinnedSchema } from "./pinned.ts";
import { type Knowledge, remoteFunctions } from "./remote_module.ts";

/** What "cell" and "cell:NAME" mean to the modules that are loaded from now on. */
export interface ModulesOptions {
  /** The SDK's module namespace: what user code gets for `import ... from "cell"`. */
  sdk: object;
  /**
   * The folder of the file that is run: the project's recorded schemas are looked for from here upwards. Without it they
   * are not: a package has brought its own.
   */
  folder?: string;
  /** Schemas that need not be asked for, by service: that of the file itself, which does not serve yet, and recorded ones. */
  schemas?: ReadonlyMap<string, Schema>;
  /** By service, the names that the file and what it imports use: enough to make functions of while it does not run. */
  importedNames?: { readonly [service: string]: readonly string[] };
}

let current: ModulesOptions | undefined;

/**
 * Makes "cell" and "cell:NAME" importable for every module that is loaded from now on, wherever on the disk it lies. A
 * later call replaces the options of an earlier one for the services that have not been imported yet.
 */
export function installModules(options: ModulesOptions): void {
  const isInstalled = current !== undefined;
  current = options;
  if (isInstalled) return;
  Bun.plugin({
    name: "cell",
    setup(build) {
      build.module("cell", () => ({ exports: { ...options.sdk }, loader: "object" }));
      build.onLoad({ filter: /.*/, namespace: "cell" }, ({ path }) => loadService(path));
    },
  });
}

async function loadService(service: string): Promise<OnLoadResult> {
  assertServiceName(service);
  const known = await knowledgeOf(service, current!);
  return { exports: remoteFunctions(service, known, ownService()), loader: "object" };
}

/**
 * What is known of a service, the best first: what the importer was compiled against, then what runs, then names. One that
 * is deployed and idle is started only when nothing else is known: its importers need not start it by being started.
 */
async function knowledgeOf(service: string, options: ModulesOptions): Promise<Knowledge> {
  const { folder } = options;
  const recorded = folder === undefined ? undefined : findPinnedSchema(folder, service);
  const schema = options.schemas?.get(service) ?? recorded ?? await liveSchema(service, "leave");
  if (schema !== undefined) return { schema };
  const names = options.importedNames?.[service]?.filter((name) => name !== "*") ?? [];
  if (names.length > 0) return { names };
  const started = await liveSchema(service, "start");
  if (started !== undefined) return { schema: started };
  throw await unknown(service);
}

/** The error for a service of which nothing is known, with near names of those that run. */
async function unknown(service: string): Promise<CellError> {
  const directory = directoryFor(service, "auto");
  const why = await directory.find(service).then(([endpoint]) => endpoint?.dial("auto")).then(
    (link) => {
      link?.destroy();
      return `the process that serves ${service} does not answer.`;
    },
    (error: unknown) => (error as Error).message,
  );
  directory.close?.();
  return new CellError(
    "NOT_FOUND",
    `importing "cell:${service}": ${why} Start it first, or record its types with cell check while it runs.`,
  );
}
