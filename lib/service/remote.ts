import type { Schema } from "../schema/schema.ts";

/** How a client of a service calls. */
export interface ConnectServiceOptions {
  /** The deadline of every unary call. @default 30_000 */
  timeoutMs?: number;
  /** The schema the caller was compiled against; without it the server's own is used. */
  schema?: Schema;
  /** The calling service's name. */
  callerService?: string;
}

/** How one call differs from the client's options. */
export interface RemoteCallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A service by its name: finds it, connects, connects again after it restarted, retries what certainly did not start. */
export interface RemoteService {
  readonly service: string;
  /** The schema that calls are encoded with: the pinned one, else the server's. */
  schema(): Promise<Schema>;
  /** Calls a method that takes and returns single values. */
  call(method: string, args: readonly unknown[], options?: RemoteCallOptions): Promise<unknown>;
  /** Calls a method with a stream in its signature. */
  stream(
    method: string,
    args: readonly unknown[],
    options?: RemoteCallOptions,
  ): AsyncGenerator<unknown, void, void>;
  close(): Promise<void>;
}

/** Connects to a service; NOT_FOUND suggests names that are near. */
export function connectService(name: string, options: ConnectServiceOptions = {}): Promise<RemoteService> {
  return Promise.reject(new Error(`${name} ${options.timeoutMs}`));
}
