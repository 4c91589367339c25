import type { KeyObject, X509Certificate } from "node:crypto";

/*
 * What this room uses of the runtime's node:quic. The declarations that npm has for it describe Node's, which lacks some
 * of this and has some of it otherwise.
 */

/** Who a packet came from. */
export interface QuicAddress {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly port: number;
}

/** Where a stream's bytes are put. */
export interface QuicWriter {
  /** Bytes that it takes before it wants to be left alone; null when the stream is gone. */
  readonly desiredSize: number | null;
  /** Copies the chunk and takes all of it, or nothing and returns false. */
  writeSync(chunk: Uint8Array): boolean;
  /** Resolves when there is room again; null when there is or the stream is gone. */
  [DRAINABLE](): Promise<unknown> | null;
  /** Sends FIN behind what was taken; -1 when it cannot now. */
  endSync(): number;
}

/** The protocol by which the runtime's writers tell that they take more. */
export const DRAINABLE: unique symbol = Symbol.for("Stream.drainableProtocol") as never;

/** A bidirectional stream. */
export interface QuicStream extends AsyncIterable<Uint8Array[]> {
  readonly writer: QuicWriter;
  /** Rejects with what ended it. */
  readonly closed: Promise<void>;
  /** Bytes that its writer holds for what congestion or the peer does not let out yet. */
  highWaterMark: number;
  readonly destroyed: boolean;
  /** 0n for the first that the client opened, 4n for its second, and so on. */
  readonly id: bigint | null;
  /** Received and not read. */
  readonly stats: { readonly bytesAccumulated: bigint };
  onerror: ((error: Error) => void) | undefined;
  destroy(error?: Error, options?: { code?: number; reason?: string }): void;
}

/** How a session is ended. */
export interface QuicCloseOptions {
  code: number;
  type: "application";
  reason?: string;
}

/** What a finished handshake found out. */
export interface QuicHandshake {
  readonly remote: QuicAddress;
  /** A name of OpenSSL's, such as CERT_HAS_EXPIRED; undefined when the chain leads to the authority. */
  readonly validationErrorCode?: string;
}

/** A connection. */
export interface QuicSession {
  readonly opened: Promise<QuicHandshake>;
  readonly closed: Promise<void>;
  readonly destroyed: boolean;
  readonly endpoint: QuicEndpoint | null;
  /** A server's certificate. Of a client the runtime gives the certificate BEHIND its own: never to be believed. */
  readonly peerCertificate: X509Certificate | undefined;
  onerror: ((error: Error) => void) | undefined;
  onstream: ((stream: QuicStream) => void) | undefined;
  createBidirectionalStream(options?: { highWaterMark?: number }): Promise<QuicStream>;
  close(options?: QuicCloseOptions): Promise<void>;
  destroy(error?: Error, options?: QuicCloseOptions): void;
  readonly stats: { readonly smoothedRtt: bigint; readonly cwnd: bigint; readonly pktLost: bigint };
}

/** A UDP socket with the connections on it. */
export interface QuicEndpoint {
  readonly address: QuicAddress | undefined;
  readonly destroyed: boolean;
  readonly closed: Promise<void>;
  readonly stats: QuicEndpointStats;
  /** Takes no new connection and ends when the last one has. */
  close(): Promise<void>;
  /** Ends all of its connections. */
  destroy(error?: Error): Promise<void>;
}

/** What an endpoint counts. */
export interface QuicEndpointStats {
  readonly packetsReceived: bigint;
  readonly packetsSent: bigint;
  readonly serverSessions: bigint;
  readonly retryCount: bigint;
  readonly serverBusyCount: bigint;
  readonly sessionCreationRateLimited: bigint;
}

/** How an endpoint is made. */
export interface QuicEndpointOptions {
  address?: string;
  maxConnectionsPerHost?: number;
  maxConnectionsTotal?: number;
  sessionCreationRate?: number;
  sessionCreationBurst?: number;
  validateAddress?: boolean;
  disableStatelessReset?: boolean;
  udpReceiveBufferSize?: number;
  udpSendBufferSize?: number;
}

/** What both sides say about a connection. */
export interface QuicSessionOptions {
  endpoint: QuicEndpoint | QuicEndpointOptions;
  alpn: string | string[];
  ca: Uint8Array[];
  enableEarlyData: boolean;
  /** Milliseconds between signs of life while nothing else is sent. */
  keepAlive: number;
  transportParams: {
    /** Seconds. */
    maxIdleTimeout: number;
    initialMaxStreamDataBidiLocal: number;
    initialMaxStreamDataBidiRemote: number;
    initialMaxStreamDataUni: number;
    initialMaxData: number;
    initialMaxStreamsBidi: number;
    initialMaxStreamsUni: number;
    maxDatagramFrameSize: number;
  };

  cc?: "reno" | "cubic" | "bbr";
}

/** What a server says besides. */
export interface QuicListenOptions extends QuicSessionOptions {
  sni: { [name: string]: { keys: KeyObject[]; certs: Uint8Array[] } };
  verifyClient: boolean;
}

/** What a client says besides. */
export interface QuicConnectOptions extends QuicSessionOptions {
  keys: KeyObject[];
  certs: Uint8Array[];
  servername: string;
  verifyPeer: "manual";
}

/** The runtime's module. */
export interface QuicRuntime {
  readonly QuicEndpoint: new (options: QuicEndpointOptions) => QuicEndpoint;
  listen(onSession: (session: QuicSession) => void, options: QuicListenOptions): Promise<QuicEndpoint>;
  connect(address: string, options: QuicConnectOptions): Promise<QuicSession>;
}

let loading: Promise<QuicRuntime> | undefined;

/** The runtime's QUIC, loaded when it is first needed (15 ms). */
export function loadQuic(): Promise<QuicRuntime> {
  return loading ??= importQuietly();
}

/** Everybody would be warned at each start that node:quic is experimental. Nothing else that is warned of gets lost. */
async function importQuietly(): Promise<QuicRuntime> {
  const { emitWarning } = process;
  process.emitWarning = ((...args: Parameters<typeof emitWarning>) => {
    if (String(args[1]) === "ExperimentalWarning" && String(args[0]).startsWith("quic ")) return;
    return emitWarning.apply(process, args);
  }) as typeof emitWarning;
  try {
    return await import("node:quic") as unknown as QuicRuntime;
  } finally {
    process.emitWarning = emitWarning;
  }
}
