import type { CellError } from "../../../base/mod.ts";
import {
  type Authority,
  createAuthority,
  createTrust,
  type Credentials,
  type NodeIdentity,
  type Trust,
} from "../../identity/mod.ts";
import { admit, instanceOn } from "../../identity/testing/cluster.ts";
import type { AnonymousPeer, Link, RemotePeer, StreamLink } from "../../mod.ts";
import { dialTls, type DialTlsOptions, listenTls, type ListenTlsOptions, type TlsListener } from "../mod.ts";
import { echo } from "./echo.ts";

/** A cluster of two nodes with an instance each, and what listens and was refused in a test. */
export class TlsWorld {
  readonly revoked = new Set<string>();
  readonly refused: CellError[] = [];
  readonly accepted: StreamLink<RemotePeer>[] = [];
  readonly anonymous: StreamLink<AnonymousPeer>[] = [];
  private readonly listeners: TlsListener[] = [];
  private readonly links: Link[] = [];

  private constructor(
    readonly authority: Authority,
    readonly trust: Trust,
    readonly serverNode: NodeIdentity,
    readonly clientNode: NodeIdentity,
    public server: Credentials,
    public client: Credentials,
  ) {}

  static async create(nowMs = Date.now()): Promise<TlsWorld> {
    const authority = await createAuthority(nowMs);
    const nodes = await Promise.all([admit(authority, "one", nowMs), admit(authority, "other", nowMs)]);
    const [server, client] = await Promise.all([
      instanceOn(nodes[0], "hello@2", nowMs),
      instanceOn(nodes[1], "caller", nowMs),
    ]);
    const trust = createTrust(authority.certificatePem, (node) => world.revoked.has(node));
    const world: TlsWorld = new TlsWorld(authority, trust, ...nodes, server, client);
    return world;
  }

  /** Listens as the server; every link is an echo. */
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
    });
    this.listeners.push(listener);
    return listener;
  }

  /** What lets clients without a certificate in, as echoes. */
  readonly onAnonymous = (link: StreamLink<AnonymousPeer>): void => {
    this.anonymous.push(link);
    echo(link);
  };

  /** Connects as the client. */
  dial(listener: { port: number }, options: Partial<DialTlsOptions> = {}): Promise<StreamLink<RemotePeer>> {
    return this.dialAnonymously(listener, { credentials: () => this.client, ...options });
  }

  /** Connects without a certificate. */
  async dialAnonymously(
    { port }: { port: number },
    options: Partial<DialTlsOptions> = {},
  ): Promise<StreamLink<RemotePeer>> {
    const link = await dialTls({ host: "127.0.0.1", port, trust: this.trust, ...options });
    this.links.push(link);
    return link;
  }

  /** Ends everything. */
  async dispose(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()));
    for (const link of [...this.links, ...this.accepted, ...this.anonymous]) link.destroy();
  }
}
