import { constants } from "node:os";
import { CellError, type Code } from "../../base/mod.ts";
import type { Trust } from "../identity/mod.ts";
import { ignoreDatagramErrors } from "../../sys/mod.ts";
import type { StreamLinkOptions } from "../stream_link.ts";
import type { CredentialsSource, PortRange } from "../tls/mod.ts";
import { Arrival } from "./arrival.ts";
import { type QuicOptions, validateQuicOptions } from "./options.ts";
import { type QuicLink } from "./quic_link.ts";
import { describeAddress, formatAddress, portsOf } from "./address.ts";
import { RefusalReport } from "./refusal_report.ts";
import { loadQuic, type QuicAddress, type QuicEndpoint, type QuicRuntime, type QuicSession } from "./runtime.ts";
import { listenOptions, SOCKET_OPTIONS } from "./session_options.ts";
import { unrefLinger } from "./unref_linger.ts";

/** How a port is listened on. */
export interface ListenQuicOptions {
  /** An address of this machine; "0.0.0.0" and "::" are all of them. */
  readonly host: string;
  /** 0 for any that is free; of a range the first one that is. */
  readonly port: number | PortRange;
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  /** Receives each connection whose client has proved which instance it is. */
  onLink(link: QuicLink): void;
  /** Hears of connections that were not let in, of at most REPORTS_PER_SECOND. */
  onRefused?(error: CellError): void;
  /** @default DEFAULT_QUIC_OPTIONS */
  readonly options?: Partial<QuicOptions>;
  /** What tests shorten. */
  readonly link?: StreamLinkOptions;
  /** Milliseconds since 1970, for certificates. @default Date.now */
  readonly now?: () => number;
}

/** A port that accepts connections. */
export interface QuicListener {
  readonly port: number;
  /** Such as "0.0.0.0:9043". */
  readonly address: string;
  /** Clients that have not proved who they are. */
  readonly strangers: number;
  /** Stops accepting. Handshakes end, links that exist live on. */
  close(): Promise<void>;
}

/** What a connection needs of its listener. */
export interface ListenerContext {
  /** DER of the certificate that the handshake shows: the one that was current when listening began. */
  readonly shownCertificate: Uint8Array;
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  readonly options: QuicOptions;
  readonly link: StreamLinkOptions | undefined;
  readonly now: () => number;
  onLink(link: QuicLink): void;
  /** The client is let in, or not because of `error`. Called once for each. */
  onDecided(arrival: Arrival, error: CellError | undefined): void;
}

/**
 * Listens for instances of the cluster (QUIC, TLS 1.3, both sides show certificates). Throws INVALID_ARGUMENT for a host
 * that this machine does not have, ALREADY_EXISTS when the port, or every one of the range, is taken, PERMISSION_DENIED
 * when this user may not use it.
 */
export async function listenQuic(given: ListenQuicOptions): Promise<QuicListener> {
  const options = validateQuicOptions(given.options);
  const listener = new PortListener(given, options);
  await listener.bind(await loadQuic());
  return listener;
}

class PortListener implements QuicListener, ListenerContext {
  readonly shownCertificate: Uint8Array;
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  readonly link: StreamLinkOptions | undefined;
  readonly now: () => number;
  port = 0;
  address = "";
  private readonly arrivals = new Set<Arrival>();
  private readonly report: RefusalReport;
  private endpoint: QuicEndpoint | undefined;

  constructor(private readonly given: ListenQuicOptions, readonly options: QuicOptions) {
    this.credentials = given.credentials;
    this.shownCertificate = given.credentials().certificate;
    this.trust = given.trust;
    this.link = given.link;
    this.now = given.now ?? Date.now;
    this.report = new RefusalReport((error) => given.onRefused?.(error), performance.now.bind(performance));
  }

  get strangers(): number {
    return this.arrivals.size;
  }

  async bind(quic: QuicRuntime): Promise<void> {
    const { host, port } = this.given;
    const ports = portsOf(port);
    for (const candidate of ports) {
      const address = formatAddress(host, candidate);
      const endpoint = await quic.listen(
        (session) => this.accept(session),
        listenOptions({ address, ...SOCKET_OPTIONS }, this.credentials(), this.options),
      );
      if (endpoint.address !== undefined) {
        ignoreDatagramErrors(endpoint.address.port);
        return this.begin(endpoint, endpoint.address);
      }
      const failure = await endpoint.closed.then(() => undefined, (error: Error) => error);
      if (errnoOf(failure) === constants.errno.EADDRINUSE && candidate !== ports.at(-1)) continue;
      const last = ports.length > 1 ? ` to ${candidate}` : "";
      throw bindError(`listening at ${formatAddress(host, ports[0] ?? candidate)}${last}`, failure);
    }
  }

  close(): Promise<void> {
    const { endpoint } = this;
    if (endpoint === undefined) return Promise.resolve();
    this.endpoint = undefined;
    // It ends, and frees its port, with the last of its connections.
    void endpoint.close();
    for (const arrival of [...this.arrivals]) arrival.abandon("this instance stopped listening");
    unrefLinger.onListenEnd();
    return Promise.resolve();
  }

  onLink(link: QuicLink): void {
    this.given.onLink(link);
  }

  onDecided(arrival: Arrival, error: CellError | undefined): void {
    this.arrivals.delete(arrival);
    if (error !== undefined) this.report.add(error);
  }

  private begin(endpoint: QuicEndpoint, address: QuicAddress): void {
    this.endpoint = endpoint;
    this.port = address.port;
    this.address = describeAddress(address);
    endpoint.closed.catch(() => {});
    unrefLinger.onListen();
  }

  private accept(session: QuicSession): void {
    if (this.arrivals.size >= this.options.strangersMax) {
      const [oldest] = this.arrivals;
      oldest?.abandon("others came after it, and no more strangers are let in at once");
    }
    this.arrivals.add(new Arrival(session, this));
  }
}

/** The runtime tells why it could not bind by a number in a message only. */
function errnoOf(failure: Error | undefined): number | undefined {
  const number = /\((\d+)\)$/.exec(failure?.message ?? "")?.[1];
  return number === undefined ? undefined : Number(number);
}

function bindError(attempted: string, failure: Error | undefined): CellError {
  const [code, why] = BIND_ERRORS[errnoOf(failure) ?? 0] ?? ["UNAVAILABLE", failure?.message ?? "it closed at once"];
  return new CellError(code, `${attempted}: ${why}`, { cause: failure });
}

const BIND_ERRORS: { [errno: number]: [Code, string] } = {
  [constants.errno.EADDRINUSE]: ["ALREADY_EXISTS", "another process has that port"],
  [constants.errno.EADDRNOTAVAIL]: ["INVALID_ARGUMENT", "this machine does not have that address"],
  [constants.errno.EACCES]: ["PERMISSION_DENIED", "this user may not use that port"],
  [constants.errno.EMFILE]: ["RESOURCE_EXHAUSTED", "this process has too many open files"],
};
