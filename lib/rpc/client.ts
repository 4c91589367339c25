import type { CellError } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { Schema } from "../schema/schema.ts";
import type { Hello, ServerStats } from "./reflection.ts";

export interface ClientOptions {
  /** What the caller was compiled against. Without it the server's own schema is fetched. */
  schema?: Schema;
  /** The calling service's name. */
  callerService?: string;
  /** The deadline of every call. @default 30_000 for calls without streams, none for streams */
  timeoutMs?: number;
}

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One connection to one instance. It does not reconnect: that is the service layer's business. */
export interface RpcClient {
  hello(): Promise<Hello>;
  /** The schema that calls are made with: the pinned one, else the server's. */
  schema(): Promise<Schema>;
  stats(): Promise<ServerStats>;
  /** Calls a method with a single result. A stream parameter's argument is an AsyncIterable. */
  call(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Calls a method whose result is a stream. */
  stream(method: string, args: readonly unknown[], options?: CallOptions): AsyncGenerator<unknown, void, void>;
  /** Whether `method` is called with `stream`. Throws NOT_FOUND, with near names. */
  isStream(method: string): Promise<boolean>;
  /** Calls that wait for an answer. */
  readonly inFlight: number;
  /** The server said goaway, or the link is closed: calls made now fail with UNAVAILABLE and `data.started === false`. */
  readonly draining: boolean;
  /** Cancels what is in flight and closes the link. */
  close(): Promise<void>;
  /** Resolves when the link is gone: to the error that ended it, or undefined when it was closed in order. */
  readonly closed: Promise<CellError | undefined>;
}

/** Makes a client of the server at the other end of `link`, which must not have been started. */
export function createClient(_link: Link, _options: ClientOptions = {}): RpcClient {
  throw new Error("being written");
}
