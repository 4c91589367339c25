import type { Schema } from "../schema/schema.ts";
import type { Claim } from "./claim.ts";

/** How a file is run. */
export interface RunOptions {
  /** @default serviceNameOf(file) */
  name?: string;
  /** Takes our own lines (not the user's output): one line without a newline. */
  log: (line: string) => void;
  /** The SDK's module namespace. */
  sdk: object;
  /** A name that is held already (`cell run --watch` keeps it across restarts). */
  claim?: Claim;
  /**
   * A command that, given FILE and NAME as further arguments, calls `cacheSchema(FILE, NAME)`. When the schema is not
   * cached it is run as a child, so that the compiler's memory goes with it. Without it the compiler is loaded here.
   */
  schemaCommand?: string[];
  /** Called once the service answers. */
  onReady?: (service: RunningService) => void;
}

/** A service that this process serves. */
export interface RunningService {
  readonly name: string;
  readonly schema: Schema;
  readonly socket: string;
  /** Refuses new calls, lets running ones finish for at most `graceMs`, then closes and gives the name up. */
  drain(graceMs?: number): Promise<void>;
  /** Resolves when the service has stopped. */
  readonly stopped: Promise<void>;
}

/** What became of the file: a service that answers now, or a script whose module has been run. */
export type RunOutcome = { kind: "service"; service: RunningService } | { kind: "script" };

/** Runs a TypeScript file as a service, or as a script when it exports nothing but imports "cell" or "cell:...". */
export function runFile(file: string, options: RunOptions): Promise<RunOutcome> {
  return Promise.reject(new Error(`${file} ${options.name}`));
}

/** Drains on the first SIGTERM or SIGINT; a second one ends the process at once. */
export function drainOnSignals(service: RunningService, log: (line: string) => void): void {
  void service;
  void log;
}

/** Reads the file's schema into the cache: the work of `RunOptions.schemaCommand`. */
export async function cacheSchema(file: string, name: string): Promise<void> {
  await Promise.reject(new Error(`${file} ${name}`));
}
