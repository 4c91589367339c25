/**
 * TLS over TCP.
 */
export { bytePipe, type Carrier, type Exchange, type Pipe } from "./byte_pipe.ts";
export { DIAL_MS, dialTls, type DialTlsOptions } from "./dial_tls.ts";
export { DEFAULT_TLS_LIMITS, type TlsLimits } from "./limits.ts";
export { LinkRegistry } from "./link_registry.ts";
export { listenTls, type ListenTlsOptions, type TlsListener } from "./listen_tls.ts";
export type { Expected, Pin } from "./outgoing.ts";
export { PIPE_BYTES } from "./outbox.ts";
export { pipeToTcp, type PipeToTcpOptions, RELAY_CONNECT_MS, RELAY_IDLE_MS } from "./pipe_to_tcp.ts";
export type { CredentialsSource } from "./secure_options.ts";
export type { PortRange } from "./tcp.ts";
