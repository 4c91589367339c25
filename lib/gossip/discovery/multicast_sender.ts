import { errorCode } from "../../base/mod.ts";
import { formatAddress, parseAddress } from "../socket_address.ts";
import type { DatagramReceiver } from "../udp_socket.ts";
import { ownInterfaces } from "./interfaces.ts";
import type { MulticastOptions } from "./multicast_options.ts";

/** Stays on the links of this machine. */
const TTL = 1;

/** Sends datagrams to a multicast group, on every interface, and takes what is answered to it alone. */
export class MulticastSender {
  /** Why the last datagram left on no interface; undefined when it left on one. */
  problem: string | undefined;

  private constructor(
    private readonly socket: Bun.udp.Socket<"buffer">,
    private readonly options: MulticastOptions,
  ) {}

  /** Throws what the system says when there is no IPv4 here at all. */
  static async open(options: MulticastOptions, onAnswer: DatagramReceiver): Promise<MulticastSender> {
    const socket = await Bun.udpSocket({
      hostname: "0.0.0.0",
      port: 0,
      binaryType: "buffer",
      socket: {
        data: (_, datagram, port, host) => onAnswer(datagram, formatAddress({ host, port })),
        error() {},
      },
    });
    return new MulticastSender(socket, options);
  }

  /** Sends on every interface; returns on how many. */
  send(datagram: Uint8Array): number {
    const { group, port, interfaces } = this.options;
    const problems: string[] = [];
    const used = (interfaces ?? ownInterfaces()).filter((address) => {
      try {
        this.socket.setMulticastInterface(address);
        this.socket.setMulticastTTL(TTL);
        this.socket.setMulticastLoopback(true);
        return this.socket.send(datagram, port, group);
      } catch (error) {
        problems.push(`${address}: ${errorCode(error) ?? (error as Error).message}`);
        return false;
      }
    });
    this.problem = used.length > 0 ? undefined : problems.join(", ") || "no interface with an IPv4 address";
    return used.length;
  }

  /** Sends to who has sent something, alone; what cannot be sent is lost, as it may be on the way. */
  answer(to: string, datagram: Uint8Array): void {
    const address = parseAddress(to);
    try {
      if (address !== undefined) this.socket.send(datagram, address.port, address.host);
    } catch {
      // Lost: the question is repeated.
    }
  }

  unref(): void {
    this.socket.unref();
  }

  close(): void {
    this.socket.close();
  }
}
