import { finishSchema, type Method, type Schema, type Type } from "../schema/mod.ts";
import type { Link } from "../net/mod.ts";
import {
  type ClientOptions,
  createClient,
  createServer,
  type Handler,
  type HandlerOptions,
  type RpcClient,
  type RpcServer,
  type ServerLogEntry,
  type ServerOptions,
} from "./mod.ts";
import type { DeadlineQueue, Timed } from "./deadline_queue.ts";
import { takeLinks } from "./test_transports.ts";

/** A service for tests, written as data: what a method takes and gives, and its function. */
export interface TestMethod {
  method: Pick<Method, "params" | "result" | "resultStream" | "timeoutMs">;
  handler: Handler;
}

export const NUMBER: Type = { kind: "number" };
export const STRING: Type = { kind: "string" };
export const UNKNOWN: Type = { kind: "unknown" };
export const VOID: Type = { kind: "undefined" };
export const BYTES: Type = { kind: "bytes" };

/** Marks a parameter as a stream of items. */
export function streamOf(type: Type): { stream: Type } {
  return { stream: type };
}

// deno-lint-ignore no-explicit-any -- a test's function has whatever parameters the test says
type AnyFunction = (...args: any[]) => unknown;

/** A method with a single result. */
export function unary(
  params: (Type | { stream: Type })[],
  result: Type,
  fn: AnyFunction,
  options: HandlerOptions = {},
): TestMethod {
  return {
    method: {
      params: params.map((param, index) =>
        "stream" in param
          ? { name: `p${index}`, type: param.stream, stream: true as const }
          : { name: `p${index}`, type: param }
      ),
      result,
    },
    handler: { fn: fn as Handler["fn"], options },
  };
}

/** A method whose result is a stream of `item`s. */
export function streaming(
  params: (Type | { stream: Type })[],
  item: Type,
  fn: AnyFunction,
  options: HandlerOptions = {},
): TestMethod {
  const { method, handler } = unary(params, item, fn, options);
  return { method: { ...method, resultStream: true }, handler };
}

/** The schema and the handlers of a test's methods. */
export function serviceOf(methods: { [name: string]: TestMethod }, name = "demo") {
  const schema: Schema = finishSchema({
    name,
    methods: Object.fromEntries(Object.entries(methods).map(([name, { method }]) => [name, method])),
    types: {},
  });
  const handlers = Object.fromEntries(Object.entries(methods).map(([name, { handler }]) => [name, handler]));
  return { schema, handlers };
}

/** A server and a client that talk to each other, and what the server logged. */
export interface Pair extends AsyncDisposable {
  server: RpcServer;
  client: RpcClient;
  schema: Schema;
  log: ServerLogEntry[];
  serverLink: Link;
  clientLink: Link;
}

/** Serves `methods` to one client, over memory unless `links` are given. */
export function connect(
  methods: { [name: string]: TestMethod },
  options: { server?: Partial<ServerOptions>; client?: ClientOptions; links?: [server: Link, client: Link] } = {},
): Pair {
  const [serverLink, clientLink] = options.links ?? takeLinks();
  const log: ServerLogEntry[] = [];
  const service = serviceOf(methods);
  const server = createServer({
    ...service,
    instance: "test",
    log: (entry) => void log.push(entry),
    ...options.server,
  });
  server.accept(serverLink);
  const client = createClient(clientLink, options.client);
  return {
    server,
    client,
    schema: service.schema,
    log,
    serverLink,
    clientLink,
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

/** Waits until `condition` holds; a test's time limit is what ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 1));
}

/**
 * Lets the deadlines of all calls pass that a client or a server has in flight, those of 10 s and more excepted: a call that
 * a test wants to be under way by then has a deadline of seconds, and nobody waits for it.
 */
export function passDeadlines(side: RpcClient | RpcServer): void {
  const { deadlines } = ("connection" in side ? side.connection : side) as { deadlines: DeadlineQueue };
  const { buckets } = deadlines as unknown as { buckets: Map<number, { first: { item: Timed } | undefined }> };
  for (const bucket of [...buckets.values()]) {
    for (let entry = bucket.first; entry !== undefined; entry = bucket.first) {
      deadlines.remove(entry.item);
      entry.item.onDeadline();
    }
  }
}

/** The error that a promise is rejected with. */
export async function failure(
  attempt: Promise<unknown>,
): Promise<{ code: string; message: string; data: unknown; retryable: boolean }> {
  try {
    await attempt;
  } catch (error) {
    const { code, message, data, retryable } = error as {
      code: string;
      message: string;
      data: unknown;
      retryable: boolean;
    };
    return { code, message, data, retryable };
  }
  throw new Error("it did not fail");
}

/** Everything that an iterable yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** 0, 1, 2 ... up to, not including, `end`; calls back when it is returned or ends. */
export async function* numbers(end: number, onReturn: () => void = () => {}): AsyncGenerator<number> {
  try {
    for (let number = 0; number < end; number++) yield number;
  } finally {
    onReturn();
  }
}
