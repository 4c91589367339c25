import { createSocket, type Socket } from "node:dgram";
import { errorCode } from "../../base/mod.ts";
import { formatAddress } from "../socket_address.ts";
import type { DatagramReceiver } from "../udp_socket.ts";
import { ownInterfaces } from "./interfaces.ts";
import type { MulticastOptions } from "./multicast_options.ts";

/**
 * Hears what is sent to a multicast group. Several processes of one machine may listen at once: `reuseAddr`, which of the
 * runtime's two UDP sockets only node:dgram documents. It is bound to the group's address, so that it hears nothing else.
 */
export class MulticastReceiver {
  readonly #joined = new Set<string>();

  private constructor(private readonly socket: Socket, private readonly options: MulticastOptions) {}

  /** Throws what the system says when the port cannot be shared or no interface takes part. */
  static async open(options: MulticastOptions, onDatagram: DatagramReceiver): Promise<MulticastReceiver> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.on("message", (datagram, { address, port }) => onDatagram(datagram, formatAddress({ host: address, port })));
    const bound = Promise.withResolvers<void>();
    socket.once("error", bound.reject);
    socket.bind(options.port, options.group, bound.resolve);
    try {
      await bound.promise;
      // An error later on is a send's, and nothing is sent from here.
      socket.on("error", () => {});
      const receiver = new MulticastReceiver(socket, options);
      const problems = receiver.join();
      if (receiver.#joined.size === 0) throw new Error(problems.join(", ") || "no interface with an IPv4 address");
      return receiver;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Joins the group on interfaces that are new; returns what kept it from that. */
  join(): string[] {
    const wanted = this.options.interfaces ?? ownInterfaces();
    // An interface that went and comes back has to be joined again.
    for (const address of this.#joined) if (!wanted.includes(address)) this.#joined.delete(address);
    return wanted.filter((address) => !this.#joined.has(address)).flatMap((address) => {
      try {
        this.socket.addMembership(this.options.group, address);
      } catch (error) {
        // Two addresses of one interface, or one that is still joined.
        if (errorCode(error) !== "EADDRINUSE") return [`${address}: ${errorCode(error) ?? (error as Error).message}`];
      }
      this.#joined.add(address);
      return [];
    });
  }

  unref(): void {
    this.socket.unref();
  }

  close(): void {
    this.socket.close();
  }
}
