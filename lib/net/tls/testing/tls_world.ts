import { MINUTE } from "../../../base/mod.ts";
import { TwoNodes } from "../../identity/testing/two_nodes.ts";
import type { AnonymousPeer, Link, RemotePeer, StreamLink } from "../../mod.ts";
import { dialTls, type DialTlsOptions, listenTls, type ListenTlsOptions, type TlsListener } from "../mod.ts";
import { echo } from "./echo.ts";

/** A cluster of two nodes with an instance each, and what listens and was refused in a test. */
export class TlsWorld extends TwoNodes {
  readonly accepted: StreamLink<RemotePeer>[] = [];
  readonly anonymous: StreamLink<AnonymousPeer>[] = [];
  private readonly listeners: TlsListener[] = [];
  private readonly links: Link[] = [];

  /** Founds it. */
  static async create(nowMs = Date.now()): Promise<TlsWorld> {
    return new TlsWorld(...await TwoNodes.found(nowMs));
  }

  /** Listens as the server; every link is an echo. Whoever connects has a minute, unless `options` say otherwise. */
  async listen(options: Partial<ListenTlsOptions> = {}): Promise<TlsListener> {
    const listener = await listenTls({
      host: "127.0.0.1",
      port: 0,
      credentials: () => this.server,
      trust: this.trust,
      onLink: (link) => {
        this.accepted.push(link);
        echo(link);
      },
      onRefused: (error) => void this.refused.push(error),
      ...options,
      limits: { handshakeMs: MINUTE, ...options.limits },
    });
    this.listeners.push(listener);
    return listener;
  }

  /** What lets clients without a certificate in, as echoes. */
  readonly onAnonymous = (link: StreamLink<AnonymousPeer>): void => {
    this.anonymous.push(link);
    echo(link);
  };

  /** Connects as the client, within a minute unless `options` say otherwise. */
  dial(listener: { port: number }, options: Partial<DialTlsOptions> = {}): Promise<StreamLink<RemotePeer>> {
    return this.dialAnonymously(listener, { credentials: () => this.client, ...options });
  }

  /** Connects without a certificate. */
  async dialAnonymously(
    { port }: { port: number },
    options: Partial<DialTlsOptions> = {},
  ): Promise<StreamLink<RemotePeer>> {
    const link = await dialTls({ host: "127.0.0.1", port, trust: this.trust, timeoutMs: MINUTE, ...options });
    this.links.push(link);
    return link;
  }

  /** Ends everything. */
  async dispose(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()));
    for (const link of [...this.links, ...this.accepted, ...this.anonymous]) link.destroy();
  }
}
