import { CellError, errorCode, toCellError } from "../../base/mod.ts";
import type { Trust } from "../identity/mod.ts";
import type { AnonymousPeer, RemotePeer, StreamLink, StreamLinkOptions } from "../mod.ts";
import { Incoming, type IncomingOwner } from "./incoming.ts";
import { type TlsLimits, validateTlsLimits } from "./limits.ts";
import { LinkRegistry } from "./link_registry.ts";
import { RefusalReports } from "./refusal_reports.ts";
import { type CredentialsSource, serverOptions } from "./secure_options.ts";
import { type Refusal, StrangerGate } from "./stranger_gate.ts";
import { formatAddress, plainAddress, type PortRange, portsOf, prepare } from "./tcp.ts";
import { networkError } from "./tls_errors.ts";

/** How a port is listened on. */
export interface ListenTlsOptions {
  /** An address of this machine, or a name for one; "0.0.0.0" and "::" are all of them. */
  readonly host: string;
  /** 0 for any that is free; of a range the first one that is. */
  readonly port: number | PortRange;
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  /** Receives each connection whose client has proved which instance it is. */
  onLink(link: StreamLink<RemotePeer>): void;
  /**
   * Receives each connection whose client has no certificate at all; without this such a client is refused, and one with a
   * certificate that is not right always is. The link counts as a stranger's and lives `anonymousMs` at most.
   */
  onAnonymous?(link: StreamLink<AnonymousPeer>): void;
  /** Hears of connections that were not let in: in a second of REPORTS_MAX refused ones, and as many turned away, at most. */
  onRefused?(error: CellError): void;
  /** @default DEFAULT_TLS_LIMITS */
  readonly limits?: Partial<TlsLimits>;
  /** What tests shorten. */
  readonly link?: StreamLinkOptions;
  /** Milliseconds since 1970, for certificates. @default Date.now */
  readonly now?: () => number;
}

/** A port that accepts connections. */
export interface TlsListener {
  readonly port: number;
  /** Such as "0.0.0.0:9043". */
  readonly address: string;
  /** Clients that have not proved who they are. */
  readonly strangers: number;
  /** Ends at once every link whose peer `isMeant`, with `error` for its owner, and returns how many there were. */
  closeWhere(isMeant: (peer: RemotePeer) => boolean, error: CellError): number;
  /** Stops accepting. Handshakes end, links that exist live on. */
  close(): Promise<void>;
}

/**
 * Listens for instances of the cluster (TLS 1.3, both sides show certificates). Throws INVALID_ARGUMENT for a host that this
 * machine does not have, ALREADY_EXISTS when the port, or every one of the range, is taken, PERMISSION_DENIED when this
 * user may not use it.
 */
export function listenTls(options: ListenTlsOptions): Promise<TlsListener> {
  return Promise.resolve().then(() => new PortListener(options));
}

class PortListener implements TlsListener, IncomingOwner {
  readonly port: number;
  readonly address: string;
  readonly trust: Trust;
  readonly limits: TlsLimits;
  readonly link: StreamLinkOptions | undefined;
  readonly now: () => number;
  readonly takesAnonymous: boolean;
  private readonly gate: StrangerGate;
  private readonly handshakes = new Set<Incoming>();
  /** Who is inside of the gate, the first to come first. */
  private readonly inside = new Set<Incoming>();
  private readonly registry = new LinkRegistry();
  private readonly listener: Bun.TCPSocketListener<undefined>;
  /** Of those who were heard, and of those who were too many: neither shall hide the other. */
  private readonly refusals: RefusalReports;
  private readonly turnedAway: RefusalReports;

  constructor(private readonly options: ListenTlsOptions) {
    this.trust = options.trust;
    this.limits = validateTlsLimits(options.limits);
    this.link = options.link;
    this.now = options.now ?? Date.now;
    this.takesAnonymous = options.onAnonymous !== undefined;
    const clock = () => performance.now();
    this.gate = new StrangerGate(this.limits, clock);
    const tell = (error: CellError) => options.onRefused?.(error);
    this.refusals = new RefusalReports(tell, clock);
    this.turnedAway = new RefusalReports(tell, clock);
    this.listener = this.bind(options.host, options.port);
    this.port = this.listener.port;
    this.address = formatAddress(options.host, this.port);
  }

  get strangers(): number {
    return this.gate.inside;
  }

  closeWhere(isMeant: (peer: RemotePeer) => boolean, error: CellError): number {
    return this.registry.closeWhere(isMeant, error);
  }

  close(): Promise<void> {
    this.listener.stop();
    for (const incoming of [...this.handshakes]) incoming.abandon();
    return Promise.resolve();
  }

  onAdmitted(incoming: Incoming, link: StreamLink<RemotePeer> | StreamLink<AnonymousPeer>): void {
    this.handshakes.delete(incoming);
    if (isInstance(link)) {
      this.inside.delete(incoming);
      this.gate.leave(incoming.host);
      this.registry.add(link);
      this.options.onLink(link);
    } else this.options.onAnonymous?.(link);
  }

  onRefused(error: CellError): void {
    this.refusals.report(error);
  }

  onGone(incoming: Incoming): void {
    const { link } = incoming;
    this.handshakes.delete(incoming);
    if (link !== undefined && isInstance(link)) this.registry.remove(link);
    else {
      this.inside.delete(incoming);
      this.gate.leave(incoming.host);
    }
  }

  /** Who is honest needs less time than a flood that keeps to the rates for so many others: so the first to come makes room. */
  private enter(host: string): Refusal | undefined {
    const why = this.gate.enter(host);
    const [first] = this.inside;
    if (why !== "too many at once" || first === undefined) return why;
    first.giveWay();
    return this.gate.enter(host);
  }

  private bind(host: string, port: number | PortRange): Bun.TCPSocketListener<undefined> {
    const ports = portsOf(port);
    for (const candidate of ports) {
      try {
        return Bun.listen<undefined>({
          hostname: host,
          port: candidate,
          socket: { open: (socket) => this.accept(socket), data: () => {} },
        });
      } catch (error) {
        if (errorCode(error) === "EADDRINUSE" && candidate !== ports.at(-1)) continue;
        const last = ports.length > 1 ? ` to ${candidate}` : "";
        throw networkError(`listening at ${formatAddress(host, ports[0] ?? candidate)}${last}`, error);
      }
    }
    throw new CellError("INTERNAL", "a range of ports has at least one");
  }

  /** A client has connected and has sent nothing yet. */
  private accept(raw: Bun.Socket): void {
    const { remotePort } = raw;
    // It has none when its client has gone in the meantime, which the declared type does not say.
    const remoteAddress = raw.remoteAddress as string | undefined;
    if (remoteAddress === undefined) return raw.terminate();
    const host = plainAddress(remoteAddress);
    const why = this.enter(host);
    if (why !== undefined) {
      raw.terminate();
      const attempted = `accepting a connection of ${host} at ${this.address}`;
      return this.turnedAway.report(new CellError("RESOURCE_EXHAUSTED", `${attempted}: ${why}. It may try again.`));
    }
    prepare(raw);
    const incoming = new Incoming(this, host, formatAddress(host, remotePort));
    this.handshakes.add(incoming);
    this.inside.add(incoming);
    try {
      const [, socket] = raw.upgradeTLS<Incoming | undefined>(this.upgrade(incoming));
      incoming.begin(socket);
    } catch (error) {
      // There are no credentials, or such that the stack does not take.
      raw.terminate();
      incoming.giveUp(toCellError(error, "INTERNAL"));
    }
  }

  private upgrade(incoming: Incoming): Bun.TLSUpgradeOptions<Incoming | undefined> {
    const upgrade = { data: incoming, tls: serverOptions(this.options.credentials()), socket: EVENTS };
    // The runtime has this option, as node:tls needs it; its type declarations do not.
    return { ...upgrade, isServer: true } as Bun.TLSUpgradeOptions<Incoming | undefined>;
  }
}

const EVENTS: Bun.SocketHandler<Incoming | undefined> = {
  binaryType: "uint8array",
  handshake: (socket, _, error) => socket.data?.onHandshake(error),
  data: (socket, chunk) => socket.data?.onData(chunk),
  drain: (socket) => socket.data?.onDrain(),
  close: (socket, error) => socket.data?.onClosed(error),
  error(socket, error) {
    socket.data?.onClosed(error);
    // It was a handler that failed, perhaps: then the socket is still open.
    socket.terminate();
  },
};

function isInstance(link: StreamLink<RemotePeer> | StreamLink<AnonymousPeer>): link is StreamLink<RemotePeer> {
  return link.peer.kind === "instance";
}
