import { CellError } from "../../base/mod.ts";
import { listenQuic, type ListenQuicOptions, type QuicListener } from "../../net/quic/mod.ts";
import { listenTls, type ListenTlsOptions, type TlsListener } from "../../net/tls/mod.ts";

/** Where an agent listens unless its settings say something else: UDP for QUIC and TCP for TLS. */
export const NODE_PORT_DEFAULT = 9043;
/** How often any number is tried, to find one that is free for UDP and TCP alike. */
const ATTEMPTS_MAX = 16;

/** Both ports of an agent, of the same number. */
export interface NodePorts {
  readonly quic: QuicListener;
  readonly tls: TlsListener;
  readonly port: number;
}

/**
 * Listens for QUIC and for TLS at the first number of `ports` that is free for both; 0 is any. Throws ALREADY_EXISTS when
 * none is.
 */
export async function listenAtOnePort(
  ports: readonly number[],
  tls: Omit<ListenTlsOptions, "port">,
  quic: Omit<ListenQuicOptions, "port">,
): Promise<NodePorts> {
  // A number that the kernel gives for TCP may be taken for UDP.
  const attempts = ports.flatMap((port) => port === 0 ? new Array<number>(ATTEMPTS_MAX).fill(0) : [port]);
  let failure: CellError | undefined;
  for (const port of attempts) {
    try {
      return await listenAtBoth(port, tls, quic);
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== "ALREADY_EXISTS") throw error;
      failure ??= error;
    }
  }
  throw failure ?? new CellError("INVALID_ARGUMENT", "listening: expected a port, found none");
}

/**
 * The numbers to listen at, best first: the one of the settings alone; else, or where that is 0, the one that was listened at
 * last, because others remember it; then `usual`, then any.
 */
export function portsToTry(configured: number | undefined, last: number, usual: number): number[] {
  if (configured !== undefined && configured !== 0) return [configured];
  const numbers = [last, configured === undefined ? usual : 0].filter((port) => port !== 0);
  return [...new Set(numbers), 0];
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
