import type { StreamTarget } from "../../gossip/mod.ts";
import { shortId, type Trust } from "../../net/identity/mod.ts";
import { type DialCandidate, dialFirst, type Link } from "../../net/mod.ts";
import { dialQuic } from "../../net/quic/mod.ts";
import { type CredentialsSource, dialTls, type LinkRegistry } from "../../net/tls/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";

/** What connecting to an agent needs. */
export interface AgentDialer {
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  /** Where links over TLS are listed while they live. */
  readonly registry: LinkRegistry;
}

/**
 * Connects to the agent of a node: at each of its hosts over QUIC, and over TLS where that leads nowhere. Throws
 * UNAVAILABLE or UNAUTHENTICATED with what happened at each, CANCELLED by `signal`.
 */
export function dialAgent(
  { node, hosts, nodePort, tlsPort }: StreamTarget,
  dialer: AgentDialer,
  signal: AbortSignal,
): Promise<Link> {
  const { credentials, trust, registry } = dialer;
  const expect = { service: NUCLEUS, ...(node === undefined ? {} : { node }) };
  const quic = hosts.map((host) => ({ transport: "quic" as const, host, port: nodePort }));
  const tls = hosts.map((host) => ({ transport: "tls" as const, host, port: tlsPort }));
  const dial = ({ transport, host, port }: DialCandidate, signal: AbortSignal): Promise<Link> =>
    transport === "quic"
      ? dialQuic({ host, port, credentials, trust, expect, signal })
      : dialTls({ host, port, credentials, trust, expect, signal, registry });
  const target = node === undefined ? `an agent at ${hosts[0]}` : `the agent of node ${shortId(node)}`;
  return dialFirst([...quic, ...tls], dial, { target, signal });
}
