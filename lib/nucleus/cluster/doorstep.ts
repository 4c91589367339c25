import { type CellError, KIB, SECOND } from "../../base/mod.ts";
import type { Trust } from "../../net/identity/mod.ts";
import type { AnonymousPeer, Link, StreamLink } from "../../net/mod.ts";
import type { CredentialsSource } from "../../net/tls/mod.ts";
import { createServer, type Handler, type RpcServer } from "../../rpc/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";
import { listenAtOnePort, type NodePorts } from "./listen.ts";
import { JOIN_SCHEMA, type JoinAnswer, type JoinRequest, PEER_SCHEMA, type PeerApi } from "./peer_schema.ts";

/** Calls that are in flight when the network is turned off are given up after this. */
const DRAIN_MS_MAX = 1 * SECOND;

/**
 * What is held for a machine that asks to join, and said to it: no more than joining takes. There may be hundreds at once, and
 * nobody knows who they are.
 */
const STRANGER_LIMITS = { messageBytesMax: 16 * KIB, connectionCallsMax: 4, abandonedCallsMax: 4, queuedCallsMax: 4 };

/** Who is answered at an agent's port, and with what. */
export interface DoorstepOptions {
  readonly host: string;
  /** The first that is free is taken; 0 is any. */
  readonly ports: readonly number[];
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  /** Answers members. */
  readonly peers: PeerApi;
  /** Answers a machine without a certificate, which calls from `address`: without port. */
  join(request: JoinRequest, address: string): Promise<JoinAnswer>;
  log(line: string): void;
}

/**
 * An agent's port. Members come with certificates, over QUIC or TLS, and are answered what agents ask; machines that want
 * to be members come over TLS without one and can ask to join, and nothing else.
 */
export class Doorstep {
  private constructor(private readonly ports: NodePorts, private readonly members: RpcServer) {}

  /** Listens. Throws what `listenAtOnePort` throws. */
  static async open(options: DoorstepOptions): Promise<Doorstep> {
    const { host, ports, credentials, trust, log } = options;
    const members = memberServer(options);
    const onLink = (link: Link) => members.accept(link);
    const onRefused = (error: CellError) => log(`warn: ${error.message}`);
    const common = { host, credentials, trust, onLink, onRefused };
    const onAnonymous = (link: StreamLink<AnonymousPeer>) => serveStranger(link, options);
    return new Doorstep(await listenAtOnePort(ports, { ...common, onAnonymous }, common), members);
  }

  /** UDP and TCP. */
  get port(): number {
    return this.ports.port;
  }

  /** Ends the connections to a node that are over TLS. */
  closeConnectionsOf(node: string, error: CellError): void {
    this.ports.tls.closeWhere((peer) => peer.node === node, error);
  }

  /** Stops listening and ends what is open. */
  async close(): Promise<void> {
    await Promise.all([this.ports.quic.close(), this.ports.tls.close()]);
    await this.members.drain(DRAIN_MS_MAX);
  }
}

function memberServer({ peers, log }: DoorstepOptions): RpcServer {
  const methods = peers as unknown as { [method: string]: Handler["fn"] };
  const handlers = Object.keys(PEER_SCHEMA.methods).map((name) => [name, { fn: methods[name]!, self: peers }]);
  return createServer({
    schema: PEER_SCHEMA,
    handlers: Object.fromEntries(handlers) as Record<string, Handler>,
    instance: NUCLEUS,
    log: ({ level, message }) => {
      if (level !== "debug") log(`${level}: ${message}`);
    },
  });
}

/** A server of its own for each: it has to know whose guesses it counts. The listener ends the connection in time. */
function serveStranger(link: StreamLink<AnonymousPeer>, { join }: DoorstepOptions): void {
  const { address } = link.peer;
  const host = address.slice(0, address.lastIndexOf(":"));
  const handler = { fn: (request: JoinRequest) => join(request, host) } as Handler;
  const options = { schema: JOIN_SCHEMA, handlers: { join: handler }, instance: NUCLEUS, limits: STRANGER_LIMITS };
  createServer(options).accept(link);
}
