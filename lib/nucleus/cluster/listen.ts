import { CellError } from "../../base/mod.ts";
import { listenQuic, type ListenQuicOptions, type QuicListener } from "../../net/quic/mod.ts";
import { listenTls, type ListenTlsOptions, type TlsListener } from "../../net/tls/mod.ts";

/** Where an agent listens unless its settings say something else: UDP for QUIC and TCP for TLS. */
export const NODE_PORT_DEFAULT = 9043;
/** How often a number is looked for that is free for UDP and TCP alike. */
const ATTEMPTS_MAX = 16;

/** Both ports of an agent, of the same number. */
export interface NodePorts {
  readonly quic: QuicListener;
  readonly tls: TlsListener;
  readonly port: number;
}

/**
 * Listens for QUIC and for TLS at one number: the one of the settings (0 is any that is free), else the default and, when
 * that is taken, any. Throws ALREADY_EXISTS when the one of the settings is taken.
 */
export async function listenAtOnePort(
  port: number | undefined,
  tls: Omit<ListenTlsOptions, "port">,
  quic: Omit<ListenQuicOptions, "port">,
): Promise<NodePorts> {
  for (let attempt = 0;; attempt++) {
    const wanted = port ?? (attempt === 0 ? NODE_PORT_DEFAULT : 0);
    const isLast = attempt === ATTEMPTS_MAX || (port !== undefined && port !== 0);
    try {
      return await listenAtBoth(wanted, tls, quic);
    } catch (error) {
      if (isLast || !(error instanceof CellError) || error.code !== "ALREADY_EXISTS") throw error;
    }
  }
}

async function listenAtBoth(
  port: number,
  tls: Omit<ListenTlsOptions, "port">,
  quic: Omit<ListenQuicOptions, "port">,
): Promise<NodePorts> {
  const tlsListener = await listenTls({ ...tls, port });
  try {
    const quicListener = await listenQuic({ ...quic, port: tlsListener.port });
    return { tls: tlsListener, quic: quicListener, port: tlsListener.port };
  } catch (error) {
    await tlsListener.close();
    throw error;
  }
}
