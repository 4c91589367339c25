import type { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { Schema } from "../schema/schema.ts";
import type { ServerStats } from "./reflection.ts";

/** The function behind a method. */
export interface Handler {
  fn: (...args: never[]) => unknown;
  /** `this` of the function. */
  self?: object;
  options?: HandlerOptions;
}

/** What a method's types cannot say. */
export interface HandlerOptions {
  idempotent?: boolean;
  /** @default 30_000 for calls without streams, no limit for streams */
  timeoutMs?: number;
  /** @default Infinity */
  maxConcurrency?: number;
}

/** What a server will carry at once. */
export interface ServerLimits {
  /** Longest payload of one frame. @default 16 MiB */
  messageBytesMax: number;
  /** Calls in flight on one connection. @default 4_096 */
  connectionCallsMax: number;
  /** Calls in flight on all connections. @default 16_384 */
  callsMax: number;
  /** @default 1_024 */
  connectionsMax: number;
  /** Calls that wait for a place in one method's `maxConcurrency`. @default 1_024 */
  queuedCallsMax: number;
}

/** Something that the service's log should hold. */
export interface ServerLogEntry {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  method?: string;
  error?: CellError | Error;
}

export interface ServerOptions {
  schema: Schema;
  /** By method name; every method of the schema has one. */
  handlers: Record<string, Handler>;
  /** This process's name among the service's instances. */
  instance: string;
  limits?: Partial<ServerLimits>;
  log?: (entry: ServerLogEntry) => void;
}

/** Answers calls on any number of links. */
export interface RpcServer {
  /** Takes over a link that was just made. */
  accept(link: Link): void;
  /**
   * Refuses new calls in a way that callers may retry elsewhere, lets running ones finish for `graceMs`, aborts the rest
   * and closes every link.
   */
  drain(graceMs: number): Promise<void>;
  stats(): ServerStats;
  readonly draining: boolean;
}

/** Makes a server; nothing is listened on: `accept` takes links. */
export function createServer(_options: ServerOptions): RpcServer {
  throw new Error("being written");
}
