/**
 * The module that a service may import as "cell". A service needs none of it: every exported function is a method.
 * The binary resolves the import; there is nothing to install.
 */
declare module "cell" {
  /** An integer from -128 to 127. */
  export type i8 = number & { readonly __cellNumber?: "i8" };
  /** An integer from 0 to 255. */
  export type u8 = number & { readonly __cellNumber?: "u8" };
  /** An integer from -32,768 to 32,767. */
  export type i16 = number & { readonly __cellNumber?: "i16" };
  /** An integer from 0 to 65,535. */
  export type u16 = number & { readonly __cellNumber?: "u16" };
  /** An integer from -2,147,483,648 to 2,147,483,647. */
  export type i32 = number & { readonly __cellNumber?: "i32" };
  /** An integer from 0 to 4,294,967,295. */
  export type u32 = number & { readonly __cellNumber?: "u32" };
  /** A bigint from -2^63 to 2^63-1. */
  export type i64 = bigint & { readonly __cellNumber?: "i64" };
  /** A bigint from 0 to 2^64-1. */
  export type u64 = bigint & { readonly __cellNumber?: "u64" };
  /** A number of single precision: half the bytes of a plain `number`. */
  export type f32 = number & { readonly __cellNumber?: "f32" };

  /** The canonical gRPC codes. */
  export type Code =
    | "CANCELLED"
    | "UNKNOWN"
    | "INVALID_ARGUMENT"
    | "DEADLINE_EXCEEDED"
    | "NOT_FOUND"
    | "ALREADY_EXISTS"
    | "PERMISSION_DENIED"
    | "RESOURCE_EXHAUSTED"
    | "FAILED_PRECONDITION"
    | "ABORTED"
    | "OUT_OF_RANGE"
    | "UNIMPLEMENTED"
    | "INTERNAL"
    | "UNAVAILABLE"
    | "DATA_LOSS"
    | "UNAUTHENTICATED";

  /** An error that reaches the caller with its code, its message and its data. */
  export class CellError extends Error {
    constructor(code: Code, message: string, options?: { retryable?: boolean; data?: unknown; cause?: unknown });
    readonly name: "CellError";
    readonly code: Code;
    /** Whether the same call may succeed when it is made again. */
    readonly retryable: boolean;
    readonly data: unknown;
  }

  /** What a function's types cannot say about the method. */
  export interface MethodOptions {
    /**
     * Whether a call that may have run already may be made again: after a crash it then is, elsewhere.
     * @default false
     */
    idempotent?: boolean;
    /**
     * The longest a call may take when its caller sets no shorter deadline.
     * @default 30_000 for calls without streams, no limit for streams
     */
    timeoutMs?: number;
    /**
     * How many calls run at once; further ones wait their turn.
     * @default Infinity
     */
    maxConcurrency?: number;
  }

  /** Gives an exported function options: `export const add = method({ idempotent: true }, async (a: number) => ...)`. */
  // deno-lint-ignore ban-types -- a function type with parameters would give its `any` to those that have no annotation
  export function method<F extends Function>(options: MethodOptions, fn: F): F;

  /** The call that is being answered. */
  export interface CallContext {
    /** Epoch milliseconds after which nobody waits for the answer; undefined without a deadline. */
    readonly deadline: number | undefined;
    /** Milliseconds left until the deadline; Infinity without one. */
    remainingMs(): number;
    /** Aborts when the caller cancels or goes away, and at the deadline. */
    readonly signal: AbortSignal;
    /** Who calls. */
    readonly caller: {
      /**
       * The calling service's name; undefined for the command line and scripts. A caller on another node has proved it
       * with its certificate; one on this machine says it, and runs as this user or as root.
       */
      readonly service: string | undefined;
      /** The calling process; undefined when it is another node's. */
      readonly pid: number | undefined;
      /** Its user; undefined when it is another node's. */
      readonly uid: number | undefined;
      /** The id of the calling node; undefined for callers on this machine. */
      readonly node: string | undefined;
    };
    /** W3C trace context (`traceparent`) of this call; nested calls continue it. */
    readonly trace: string;
    readonly service: string;
    readonly method: string;
  }

  /** The call that is being answered; throws FAILED_PRECONDITION outside of one. */
  export function context(): CallContext;

  /** How a client calls. */
  export interface ConnectOptions {
    /** The deadline of every call. @default 30_000 */
    timeoutMs?: number;
    /**
     * What moves the bytes.
     *
     * - "auto": to an instance on this machine a connection begins on a Unix socket and moves into shared memory after its
     *   first calls. It stays on the socket where that does not work: between containers, say, or where there is no memory
     *   left for it. To an instance on another node it is QUIC, TLS over TCP where UDP is blocked, and TLS through the agent
     *   of that node where the instance cannot be reached directly. Instances that are near are preferred.
     * - "uds": it stays on the socket; instances on other nodes are not called.
     * - "shm": it is in shared memory from the first call on; instances on other nodes are not called. Where that does not
     *   work, connecting fails with FAILED_PRECONDITION, and the error says why.
     * - "quic", "tls": it goes over the network, by one of the two, even to an instance on this machine. Where this node has
     *   no network, connecting fails with FAILED_PRECONDITION.
     *
     * @default the environment variable CELL_TRANSPORT, else "auto"
     */
    transport?: "auto" | "uds" | "shm" | "quic" | "tls";
  }

  /** How one call differs from the client's options. */
  export interface CallOptions {
    timeoutMs?: number;
    signal?: AbortSignal;
  }

  /** A client of a service whose name is only known at run time. Methods are called by name. */
  export interface Client {
    readonly service: string;
    /**
     * What calls go over now: a Unix socket, shared memory, QUIC or TLS to other nodes, TLS through the agent of a node
     * ("relay"), or "mixed" while the connections to several instances differ. It changes while the client is used; undefined while there is no connection.
     */
    readonly transport: "uds" | "shm" | "quic" | "tls" | "relay" | "mixed" | undefined;
    /** Calls a method that takes and returns single values. */
    call<T = unknown>(method: string, args?: readonly unknown[], options?: CallOptions): Promise<T>;
    /**
     * Calls a method that takes and returns single values, and returns when the answer is there: for hot loops, in which
     * a promise for every call takes longer than the call. It needs a connection in shared memory, so connect with
     * `transport: "shm"`; without one it throws FAILED_PRECONDITION, which says why, and calls nothing.
     *
     * What it costs: until the answer is there this process does nothing else. No timer fires, no other call goes on,
     * nothing that it serves itself is answered, and one core is busy with waiting. A method that calls back into this
     * process cannot be called like this: both would wait until the deadline, which applies as for `call`. That the
     * other process has died is noticed within about a millisecond.
     *
     * It is made once. What `call` would make again on another instance, or after a restart, is an error here; whoever
     * catches it may go on with `call`, which connects again.
     */
    callSync<T = unknown>(method: string, args?: readonly unknown[], options?: { timeoutMs?: number }): T;
    /** Calls a method that returns a stream. */
    stream<T = unknown>(
      method: string,
      args?: readonly unknown[],
      options?: CallOptions,
    ): AsyncGenerator<T, void, void>;
    /** The methods that the service has now. */
    methods(): Promise<string[]>;
    close(): Promise<void>;
  }

  /** Connects to a service by name. */
  export function connect(name: string, options?: ConnectOptions): Promise<Client>;
}
