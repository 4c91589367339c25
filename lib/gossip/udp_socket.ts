import { CellError, errorCode } from "../base/mod.ts";
import { GOSSIP_PORT } from "./ports.ts";
import type { Resolver } from "./resolver.ts";
import { formatAddress, parseAddress, plainHost } from "./socket_address.ts";

/** Takes a datagram and where it came from. The bytes are the taker's. */
export type DatagramReceiver = (datagram: Uint8Array, from: string) => void;

/** Where a node's datagrams go out and come in. */
export interface UdpSocketOptions {
  /** The IP address to listen at; "::" is all of them, of IPv4 too, "0.0.0.0" where there is no IPv6. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly onDatagram: DatagramReceiver;
  readonly resolver: Resolver;
}

/**
 * A UDP socket for gossip: nothing is queued, since what the kernel does not take now would be old news later, and losing
 * datagrams is what the protocol is made for.
 */
export class UdpSocket {
  /** Datagrams that could not be sent. */
  dropped = 0;

  private constructor(private readonly socket: Bun.udp.Socket<"buffer">, private readonly resolver: Resolver) {}

  /** Throws UNAVAILABLE naming the address when it cannot be listened at. */
  static async open(options: UdpSocketOptions): Promise<UdpSocket> {
    const { host, port, onDatagram, resolver } = options;
    try {
      return new UdpSocket(await bind(host, port, onDatagram), resolver);
    } catch (error) {
      const code = errorCode(error);
      const isWithoutIpv6 = host === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL");
      if (isWithoutIpv6) return await UdpSocket.open({ ...options, host: "0.0.0.0" });
      throw new CellError(
        "UNAVAILABLE",
        `listening for gossip at UDP ${formatAddress({ host, port })}: ${code ?? (error as Error).message}`,
        { cause: error },
      );
    }
  }

  get port(): number {
    return this.socket.port;
  }

  /** Sends to "HOST:PORT". False when it was dropped, as is what goes to a name whose address is not known yet. */
  send(to: string, datagram: Uint8Array): boolean {
    const address = parseAddress(to);
    const host = address === undefined ? undefined : this.resolver.now(address.host);
    const canSend = address !== undefined && host !== undefined && !this.socket.closed;
    const isSent = canSend && this.#send(datagram, address.port, host);
    if (!isSent) this.dropped++;
    return isSent;
  }

  unref(): void {
    this.socket.unref();
  }

  close(): void {
    this.socket.close();
  }

  /**
   * The kernel tells of a port at which nobody listens by failing the next send, whatever that one's destination is. Telling
   * takes the error away, so the second try is about this datagram.
   */
  #send(datagram: Uint8Array, port: number, host: string): boolean {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return this.socket.send(datagram, port, host);
      } catch {
        // Unreachable, a family that this socket has not, or another datagram's error: a second try tells.
      }
    }
    return false;
  }
}

/** At the port that was asked for, or the usual one, or where that is taken any. Throws UNAVAILABLE as `UdpSocket.open`. */
export async function openUsual(
  port: number | undefined,
  where: Omit<UdpSocketOptions, "port">,
): Promise<UdpSocket> {
  if (port !== undefined) return await UdpSocket.open({ ...where, port });
  try {
    return await UdpSocket.open({ ...where, port: GOSSIP_PORT });
  } catch (error) {
    if (errorCode((error as Error).cause) !== "EADDRINUSE") throw error;
    return await UdpSocket.open({ ...where, port: 0 });
  }
}

async function bind(hostname: string, port: number, onDatagram: DatagramReceiver): Promise<Bun.udp.Socket<"buffer">> {
  return await Bun.udpSocket({
    hostname,
    port,
    binaryType: "buffer",
    socket: {
      data(_, datagram, fromPort, fromHost) {
        onDatagram(datagram, formatAddress({ host: plainHost(fromHost), port: fromPort }));
      },
      // What an earlier datagram met; who does not answer is noticed by membership.
      error() {},
    },
  });
}
