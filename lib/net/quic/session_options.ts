import { SECOND } from "../../base/mod.ts";
import type { Credentials } from "../identity/mod.ts";
import type { QuicOptions } from "./options.ts";
import type {
  QuicConnectOptions,
  QuicEndpoint,
  QuicEndpointOptions,
  QuicListenOptions,
  QuicSessionOptions,
} from "./runtime.ts";

/** The most that the runtime can be told. */
const CONNECTIONS_MAX = 65_535;

/** What both sides speak after the handshake; a peer that does not say so is refused. */
export const PROTOCOL = "cell/1";
/**
 * What every socket is told. Two of the runtime's endpoints answer each other's stateless resets with stateless resets, ten
 * thousand a second, and a process that was started again could not make one that is believed. And its limits of
 * connections count those that have proved who they are.
 */
export const SOCKET_OPTIONS = {
  disableStatelessReset: true,
  maxConnectionsPerHost: CONNECTIONS_MAX,
  maxConnectionsTotal: CONNECTIONS_MAX,
} as const satisfies QuicEndpointOptions;

/** Asked for in the handshake; certificates name instances, not hosts. */
const SERVER_NAME = "cell";

/** What a listener says; its certificate cannot be changed later (see mod.ts). */
export function listenOptions(
  endpoint: QuicEndpointOptions,
  credentials: Credentials,
  options: QuicOptions,
): QuicListenOptions {
  const identity = { keys: [credentials.privateKey], certs: [Buffer.from(credentials.chainPem)] };
  return {
    ...sessionOptions(endpoint, credentials, options),
    alpn: [PROTOCOL],
    sni: { "*": identity },
    verifyClient: true,
  };
}

/** What a dialer says. It judges the server's certificate itself. */
export function connectOptions(
  endpoint: QuicEndpoint,
  credentials: Credentials,
  options: QuicOptions,
): QuicConnectOptions {
  return {
    ...sessionOptions(endpoint, credentials, options),
    keys: [credentials.privateKey],
    certs: [Buffer.from(credentials.chainPem)],
    servername: SERVER_NAME,
    verifyPeer: "manual",
  };
}

function sessionOptions(
  endpoint: QuicEndpoint | QuicEndpointOptions,
  { authorityPem }: Credentials,
  { idleMs, keepAliveMs, windowBytes }: QuicOptions,
): QuicSessionOptions {
  return {
    endpoint,
    alpn: PROTOCOL,
    ca: [Buffer.from(authorityPem)],
    // What is sent early can be sent again by somebody else.
    enableEarlyData: false,
    keepAlive: keepAliveMs,
    transportParams: {
      maxIdleTimeout: Math.ceil(idleMs / SECOND),
      initialMaxStreamDataBidiLocal: windowBytes,
      initialMaxStreamDataBidiRemote: windowBytes,
      initialMaxStreamDataUni: 0,
      initialMaxData: windowBytes,
      // One for frames, one for windows; the client opens both.
      initialMaxStreamsBidi: 2,
      initialMaxStreamsUni: 0,
      maxDatagramFrameSize: 0,
    },
  };
}
