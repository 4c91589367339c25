import type { LinkTransport } from "../net/mod.ts";
import type { Hello, ServerStats } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { directoryFor } from "./directory_for.ts";
import { ServiceClient } from "./service_client.ts";
import { chooseTransport, type TransportChoice } from "./transport.ts";

/** How a client of a service calls. */
export interface ConnectServiceOptions {
  /** The deadline of every call. @default what the method's options say, else 30_000; none for calls with streams */
  timeoutMs?: number;
  /** What the caller was compiled against. @default the schema of the instance that answers */
  schema?: Schema;
  /** The calling service's name. */
  callerService?: string;
  /**
   * What moves the bytes. "uds" and "shm" reach this machine only, "quic" and "tls" go over the network even to it. Where
   * they do not work they fail with FAILED_PRECONDITION, which says why.
   *
   * @default $CELL_TRANSPORT, else "auto": the fastest that works
   */
  transport?: TransportChoice;
}

/** What moves the bytes of a client's connections; "mixed" while some of them have moved into shared memory. */
export type TransportInUse = LinkTransport | "mixed";

/** How one call differs from the client's options. */
export interface RemoteCallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * A service by its name. Finds an instance at the first call, connects again after the service restarted, and makes calls
 * again that certainly did not start or, with an idempotent method, whose connection broke.
 */
export interface RemoteService {
  readonly service: string;
  /** The schema that calls are made with: the pinned one, else the server's. */
  schema(): Promise<Schema>;
  hello(): Promise<Hello>;
  stats(): Promise<ServerStats>;
  /** Whether `method` is called with `stream`. Throws NOT_FOUND, with near names. */
  isStream(method: string): Promise<boolean>;
  /** Calls a method with a single result. A stream parameter's argument is an AsyncIterable. */
  call(method: string, args: readonly unknown[], options?: RemoteCallOptions): Promise<unknown>;
  /**
   * Calls a method that takes and returns single values, and returns when the answer is there; the event loop has no turn
   * meanwhile. Needs a connection that exists and is in shared memory: after connecting with the transport "shm", or after
   * some calls. It makes one attempt: an error that `call` would try again after is thrown, with `data.started === false`
   * when the call was not executed. Throws FAILED_PRECONDITION, which says what to do, when it is not possible.
   */
  callSync(method: string, args: readonly unknown[], options?: RemoteCallOptions): unknown;
  /** Calls a method whose result is a stream. */
  stream(method: string, args: readonly unknown[], options?: RemoteCallOptions): AsyncGenerator<unknown, void, void>;
  /** What the connections that calls are given to use now; undefined while there is none. */
  transport(): TransportInUse | undefined;
  /** Cancels what is in flight; later calls fail. */
  close(): Promise<void>;
}

/**
 * A client of a service that need not be running yet: it is looked for by the first call. Throws INVALID_ARGUMENT for a name
 * or a transport that cannot be.
 */
export function openService(name: string, options: ConnectServiceOptions = {}): RemoteService {
  return new ServiceClient(name, directoryFor(name, chooseTransport(options.transport)), options);
}

/** Connects to a service. Throws NOT_FOUND, with near names, when nobody serves it. */
export async function connectService(name: string, options: ConnectServiceOptions = {}): Promise<RemoteService> {
  const client = new ServiceClient(name, directoryFor(name, chooseTransport(options.transport)), options);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
