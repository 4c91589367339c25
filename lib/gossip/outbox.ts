import type { Clocks } from "./gossip_options.ts";
import type { GossipState } from "./gossip_state.ts";
import { encodeHello } from "./hello_payload.ts";
import { DatagramKind } from "./seal/mod.ts";
import { formatAddress, type SocketAddress } from "./socket_address.ts";

/** Seals what this node says, and sends it. Says nothing while there is no key. */
export class Outbox {
  constructor(
    private readonly state: GossipState,
    private readonly clocks: Clocks,
    private readonly socket: { send(to: string, datagram: Uint8Array): void },
  ) {}

  send(to: string, kind: DatagramKind, payload: Uint8Array): void {
    const datagram = this.#seal(kind, payload);
    if (datagram !== undefined) this.socket.send(to, datagram);
  }

  sayHello(to: SocketAddress, wantsAnswer: boolean): void {
    this.send(formatAddress(to), DatagramKind.HELLO, this.#hello(wantsAnswer));
  }

  /** A hello to everybody, sealed; undefined while there is no key. */
  helloToAll(): Uint8Array | undefined {
    return this.#seal(DatagramKind.HELLO, this.#hello(true));
  }

  #hello(wantsAnswer: boolean): Uint8Array {
    return encodeHello({ wantsAnswer, record: this.state.description.record });
  }

  #seal(kind: DatagramKind, payload: Uint8Array): Uint8Array | undefined {
    return this.state.seal.seal(kind, payload, this.clocks.wallMs());
  }
}
