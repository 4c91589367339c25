export { type ClientOptions, createClient, type RpcClient } from "./client.ts";
export { DEFAULT_LIMITS, DEFAULT_TIMEOUT_MS, type ServerLimits, STREAM_WINDOW_BYTES } from "./limits.ts";
export type { CallOptions } from "./pending_call.ts";
export { type Hello, type LoadReport, type MethodStats, PROTOCOL_VERSION, type ServerStats } from "./reflection.ts";
export type { Handler, HandlerOptions } from "./served_method.ts";
export { createServer, type RpcServer, type ServerLogEntry, type ServerOptions } from "./server.ts";
export { currentCall, type ServerCall } from "./server_call.ts";
