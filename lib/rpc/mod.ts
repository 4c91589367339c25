/**
 * Calls between processes: a server answers them with functions, a client makes them, over any `Link`. The bytes are
 * `docs/protocol.md`; what a method takes and gives is its schema (`lib/schema`).
 *
 * Turned down: gRPC and HTTP/2 (a call of grpc-js over a Unix socket takes 144 us where the kernel needs 50); one
 * connection per call; JSON; callbacks with a message bus in between, which loses deadlines and back-pressure.
 *
 * **A call costs what it uses.** Arguments are encoded into the link's buffer behind a header that is patched afterwards,
 * and decoded from the chunk as it came in. A deadline is a link in a coarse bucket (`deadline_queue.ts`), not a timer, and
 * when it is seconds away not even that before the call has lived a while (`deadline_sweep.ts`). The clock is read for what
 * needs it only (`latency_sampler.ts`); calls in flight are found without hashing (`call_table.ts`); what would be done about a
 * failure is one object per connection (`Fallback`), not a promise per call.
 * An AbortController, a trace id, the caller's identity are made when the handler asks for them. Streams, nesting and
 * waiting have code of their own that a plain call never enters.
 *
 * **Who waits, and where.** A client queues what the connection or the server's limit does not take yet. A server with
 * `maxConcurrency` queues in order of arrival (`method_gate.ts`). A stream waits for credit in bytes; its source is
 * asked for an item only when that item may be sent (`outgoing_stream.ts`, `incoming_stream.ts`). A server stops reading
 * from a client that does not take its answers. A client always reads, or two full directions would wait for each other.
 *
 * **Every call ends, exactly once on each side**, by its answer, its deadline, cancellation or the loss of the connection;
 * `active_call.ts` and `pending_call.ts` draw the states. What ends early tells its handler through `AbortSignal`, the
 * `return` of its generator and the streams it reads, and ends the calls that the handler has made itself. A handler that
 * goes on nevertheless is counted as abandoned, and at a limit its method is refused.
 *
 * **Errors say whether anything happened.** `data.started === false` is a promise that the call was not executed: it was
 * refused, or never left, or the server's goaway excludes it. Only this code may make it; a handler that passes on such an
 * error of a nested call does not (`active_call.ts`). Everything above may therefore retry on it without knowing the method.
 *
 * **Peers are not trusted.** Frames are checked by `lib/wire`, payloads by compiled codecs; every table has a limit with a
 * name (`limits.ts`); a broken rule ends that connection with a goaway that says which one, and no other.
 *
 * Deadlines are measured on the monotonic clock. What a call costs beside what moves its bytes, promises, codecs and both
 * sides included, is 0.6 us with many at once (`bun bench/load/rpc_cost.ts`): the client's half takes 0.3 us, the server's 0.4.
 *
 * **Without the event loop.** `callSync` takes the link's news in until its call is over (`sync_call.ts`). Only a link in
 * shared memory can do that, and only between frames: user code that runs while one is read or written is refused.
 *
 * `conformance.ts` is the suite that a new transport has to pass before it may carry calls; most other tests of calls run over
 * every transport as well (`test_transports.ts`).
 */
export { type ClientOptions, createClient, type RpcClient } from "./client.ts";
export { DEFAULT_LIMITS, DEFAULT_TIMEOUT_MS, type ServerLimits, STREAM_WINDOW_BYTES } from "./limits.ts";
export type { CallOptions, FailedCall, Fallback } from "./pending_call.ts";
export { type Hello, type LoadReport, type MethodStats, PROTOCOL_VERSION, type ServerStats } from "./reflection.ts";
export type { Handler, HandlerOptions } from "./served_method.ts";
export { createServer, type RpcServer, type ServerLogEntry, type ServerOptions } from "./server.ts";
export { maybeStarted, notStarted } from "./not_started.ts";
export type { Caller } from "./caller.ts";
export { currentCall, openCall, outsideCalls, type ServerCall } from "./server_call.ts";
