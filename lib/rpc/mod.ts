export { type CallOptions, type ClientOptions, createClient, type RpcClient } from "./client.ts";
export type { Hello, MethodStats, ServerStats } from "./reflection.ts";
export {
  createServer,
  type Handler,
  type HandlerOptions,
  type RpcServer,
  type ServerLimits,
  type ServerLogEntry,
  type ServerOptions,
} from "./server.ts";
export { currentCall, type ServerCall } from "./server_call.ts";
