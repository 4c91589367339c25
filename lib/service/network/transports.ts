import { CellError } from "../../base/mod.ts";
import { shortId } from "../../net/identity/mod.ts";
import { dialFirst, type Link, type RemotePeer } from "../../net/mod.ts";
import { closeQuicLinks, dialQuic, listenQuic } from "../../net/quic/mod.ts";
import { dialTls, LinkRegistry, listenTls } from "../../net/tls/mod.ts";
import { NUCLEUS } from "../names.ts";
import type { KnownInstance } from "./agent.ts";
import type { OwnCredentials, Standing } from "./own_credentials.ts";
import { relayedPipe } from "./relay.ts";
import { RememberedRoutes, type Route } from "./route.ts";

/** Loaded where there is a network only: what is imported here takes 20 ms and some megabytes. */

/** The TLS connections that this process has made, so that those to a node that was removed can be ended. */
const dialed = new LinkRegistry();

/** How agents were reached that relay. */
const remembered = new RememberedRoutes();

/** Whom a connection must reach. */
type Expected = Pick<RemotePeer, "node" | "service"> & { readonly instance?: string };

/** Connects to an instance by one of its routes. Throws like `dialQuic` and `dialTls`. */
export async function dialRoute(
  route: Route,
  known: KnownInstance,
  credentials: OwnCredentials,
  signal: AbortSignal,
): Promise<Link> {
  const { nodeId: node, service, instance } = known;
  const expect = { node, service, instance };
  return route.transport === "relay"
    ? await dialRelayed(route, expect, credentials, signal)
    : await dialDirectly(route, expect, await credentials.ready(), credentials, signal);
}

function dialDirectly(
  { transport, host, port }: Route,
  expect: Expected,
  { trust }: Standing,
  own: OwnCredentials,
  signal: AbortSignal,
): Promise<Link> {
  const options = { host, port, credentials: () => own.standing!.credentials, trust, expect, signal };
  return transport === "quic" ? dialQuic(options) : dialTls({ ...options, registry: dialed });
}

/** TLS from end to end, inside a call to the agent of the target's node. */
async function dialRelayed(
  { host, port }: Route,
  expect: Expected & { readonly instance: string },
  own: OwnCredentials,
  signal: AbortSignal,
): Promise<Link> {
  const standing = await own.ready();
  const toAgent = { node: expect.node, service: NUCLEUS };
  const ways = (["quic", "tls"] as const).map((transport): Route => ({ transport, host, port }));
  const carrier = await dialFirst(
    remembered.inOrder(expect.node, ways),
    async (way, given) => {
      const link = await dialDirectly(way, toAgent, standing, own, given);
      remembered.note(expect.node, way);
      return link;
    },
    { target: `the agent of node ${shortId(expect.node)}`, signal },
  );
  const { pipe, ref, unref } = relayedPipe(carrier, shortId(expect.node), expect.instance);
  const { trust } = standing;
  const credentials = () => own.standing!.credentials;
  const link = await dialTls({ host, port, pipe, credentials, trust, expect, signal, registry: dialed });
  return Object.assign(link, { ref, unref, transport: "relay" as const });
}

/** What an instance listens at. */
export interface NetworkListener {
  readonly quicPort: number;
  readonly tlsPort: number;
  /** Ends connections that were accepted from these nodes. */
  closeOf(nodes: ReadonlySet<string>): void;
  /** Accepts no more; connections that exist live on. */
  close(): Promise<void>;
}

/** Who hears of connections. */
export interface NetworkListenerOptions {
  onLink(link: Link): void;
  onRefused(error: CellError): void;
}

/** Listens for others by QUIC and TLS. Throws what both throw when neither can be listened at. */
export async function listenToNetwork(own: OwnCredentials, options: NetworkListenerOptions): Promise<NetworkListener> {
  const { trust, certification } = await own.ready();
  const { host, portFirst, portLast } = certification;
  const port = portFirst === 0 ? 0 : { from: portFirst, to: portLast };
  const shared = { host, port, credentials: () => own.standing!.credentials, trust, ...options };
  const [quic, tls] = await Promise.allSettled([listenQuic(shared), listenTls(shared)]);
  if (quic.status === "rejected" && tls.status === "rejected") throw tls.reason;
  const quicListener = quic.status === "fulfilled" ? quic.value : undefined;
  const tlsListener = tls.status === "fulfilled" ? tls.value : undefined;
  for (const { reason } of [quic, tls].filter((one) => one.status === "rejected")) options.onRefused(reason);
  return {
    quicPort: quicListener?.port ?? 0,
    tlsPort: tlsListener?.port ?? 0,
    closeOf: (nodes) => void tlsListener?.closeWhere(({ node }) => nodes.has(node), removed(nodes)),
    async close() {
      await Promise.all([quicListener?.close(), tlsListener?.close()]);
    },
  };
}

/** Ends the connections that this process has made to nodes that were removed, and those by QUIC that it accepted. */
export function closeLinksOf(nodes: ReadonlySet<string>): void {
  const isMeant = ({ node }: RemotePeer): boolean => nodes.has(node);
  dialed.closeWhere(isMeant, removed(nodes));
  closeQuicLinks(isMeant, removed(nodes));
}

function removed(nodes: ReadonlySet<string>): CellError {
  const which = [...nodes].map(shortId).join(", ");
  return new CellError("UNAUTHENTICATED", `node ${which} was removed from the cluster: it is no longer talked to`);
}
