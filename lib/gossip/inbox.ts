import { MINUTE, SECOND } from "../base/mod.ts";
import { type NodeId, REVOCATION_BYTES, shortId } from "../net/identity/mod.ts";
import { Cooldown } from "./cooldown.ts";
import type { Clocks } from "./gossip_options.ts";
import type { GossipState } from "./gossip_state.ts";
import type { Heard } from "./greeter.ts";
import { decodeHello } from "./hello_payload.ts";
import { type DatagramHeader, DatagramKind, type RefusedDatagram } from "./seal/mod.ts";
import { formatAddress, parseAddress, type SocketAddress } from "./socket_address.ts";
import type { StreamTarget } from "./stream_target.ts";

/** How often keys are fetched from one node that seals under an unknown one: its address may be forged. */
const FETCH_KEYS_MS = 10 * SECOND;
const FETCHES_KEPT_MAX = 1024;
/** How often a node that was revoked is told so. */
const TELL_REVOKED_MS = 1 * SECOND;
const TOLD_KEPT_MAX = 64;
/** How often a node that looks for others and is ignored for its clock is greeted, which tells it so. */
const TELL_SKEWED_MS = 30 * SECOND;
const TOLD_SKEWED_KEPT_MAX = 256;

/** What the inbox does with what it has opened. */
export interface InboxHands {
  onHello(heard: Heard): void;
  exchange(target: StreamTarget): void;
  /** Sends the authority's word to the node that it is about. */
  tellRevoked(revocation: Uint8Array, to: string): void;
  /** Says hello to a node that will ignore it, as its own was ignored here. */
  tellSkewed(to: SocketAddress): void;
}

/** Opens every datagram that comes, and gives what is in it to whom it is for. */
export class Inbox {
  readonly #fetches = new Cooldown(FETCH_KEYS_MS, FETCHES_KEPT_MAX);
  readonly #told = new Cooldown(TELL_REVOKED_MS, TOLD_KEPT_MAX);
  readonly #toldSkewed = new Cooldown(TELL_SKEWED_MS, TOLD_SKEWED_KEPT_MAX);

  constructor(
    private readonly state: GossipState,
    private readonly clocks: Clocks,
    private readonly hands: InboxHands,
  ) {}

  /** A datagram to this node alone. */
  onDatagram(datagram: Uint8Array, from: string): void {
    const opened = this.state.seal.open(datagram, this.clocks.wallMs());
    if ("refused" in opened) return this.#onRefused(opened, from);
    const { header: { sender, kind }, payload } = opened;
    this.state.skews.heard(sender);
    if (this.state.isRevoked(sender)) return this.#onRevoked(sender, from);
    this.state.routes.heard(sender, from, this.clocks.steadyMs());
    switch (kind) {
      case DatagramKind.HELLO:
        return this.#onHello(sender, payload, from, false);
      case DatagramKind.REVOCATION:
        return this.state.takeRevocations(payload.slice(0, REVOCATION_BYTES));
      case DatagramKind.MEMBERSHIP:
        return this.state.receive(sender, from, payload);
    }
  }

  /** A datagram to everybody on the local network. False when it is not for this cluster's members. */
  onMulticast(datagram: Uint8Array, from: string): boolean {
    const opened = this.state.seal.open(datagram, this.clocks.wallMs());
    if ("refused" in opened) {
      const { refused, header } = opened;
      if (refused === "clock_skew" && header !== undefined) this.#onSkewed(header, from);
      return refused !== "unknown_key" && refused !== "length";
    }
    const { header: { sender, kind }, payload } = opened;
    this.state.skews.heard(sender);
    if (kind === DatagramKind.HELLO && !this.state.isRevoked(sender)) this.#onHello(sender, payload, from, true);
    return true;
  }

  /** It goes on as if nothing had happened, so it does not know yet. Whether it is the node or a thief with its key. */
  #onRevoked(sender: NodeId, from: string): void {
    const revocation = this.state.revocationOf(sender);
    if (revocation === undefined || !this.#told.pass(sender, this.clocks.steadyMs())) return;
    this.hands.tellRevoked(revocation, from);
  }

  #onHello(sender: NodeId, payload: Uint8Array, from: string, isMulticast: boolean): void {
    const hello = decodeHello(payload);
    const source = parseAddress(from);
    const record = hello === undefined ? undefined : this.state.book.read(sender, hello.record, this.clocks.wallMs());
    if (hello === undefined || source === undefined || record === undefined) return;
    // When it is a member soon, it is known how it is reached.
    const { addresses, gossipPort } = record;
    this.state.routes.set(sender, addresses, gossipPort);
    this.state.routes.heard(sender, formatAddress({ host: source.host, port: gossipPort }), this.clocks.steadyMs());
    this.hands.onHello({ record, from: source, wantsAnswer: hello.wantsAnswer, isMulticast });
  }

  #onRefused({ refused, header }: RefusedDatagram, from: string): void {
    if (refused === "unknown_key") return this.#fetchKeys(from);
    if (header === undefined) return;
    const steadyMs = this.clocks.steadyMs();
    const { sender } = header;
    if (refused === "clock_skew") {
      this.#onSkewed(header, from);
      this.#tellSkewed(header, from);
    } else if (refused === "flood") {
      const name = shortId(sender);
      const line = `node ${name} at ${from} sends more datagrams than a node does; some are dropped`;
      this.state.quietLog.say(`flood ${name}`, steadyMs, () => line);
    }
  }

  #onSkewed(header: DatagramHeader, from: string): void {
    const { sender, clockMs } = header;
    const [wallMs, steadyMs] = [this.clocks.wallMs(), this.clocks.steadyMs()];
    // A member that was removed is none that anybody waits for.
    if (this.state.isRevoked(sender)) return;
    this.state.skews.note(sender, from, clockMs, steadyMs);
    this.state.quietLog.say("clock skew", steadyMs, () => skewLine(shortId(sender), from, header, wallMs));
  }

  /** It looks for others, and would hear of nobody why it finds none. Whoever is told answers in turn, hence seldom. */
  #tellSkewed({ sender, kind }: DatagramHeader, from: string): void {
    const source = parseAddress(from);
    if (kind !== DatagramKind.HELLO || source === undefined || this.state.isRevoked(sender)) return;
    if (this.#toldSkewed.pass(sender, this.clocks.steadyMs())) this.hands.tellSkewed(source);
  }

  /** A member seals under a key that is not known here. Or somebody uses its address: hence seldom. */
  #fetchKeys(from: string): void {
    const id = this.state.routes.memberAt(from);
    const target = id === undefined ? undefined : this.state.target(id);
    if (target !== undefined && this.#fetches.pass(from, this.clocks.steadyMs())) this.hands.exchange(target);
  }
}

function skewLine(name: string, from: string, { clockMs }: DatagramHeader, wallMs: number): string {
  const minutes = Math.round(Math.abs(clockMs - wallMs) / MINUTE);
  const direction = clockMs > wallMs ? "ahead of" : "behind";
  return `clock skew: the clock of node ${name} at ${from} is ${minutes} min ${direction} this one's, and 10 min are tolerated; ` +
    "what it says is ignored. Set the clocks of both machines, for example with timedatectl set-ntp true.";
}
