import { LAN, LOCAL, WAN } from "../../gossip/core/mod.ts";
import { type ClusterMember, GOSSIP_PORT, GossipNode, type GossipStreams } from "../../gossip/mod.ts";
import type { NodeIdentity, RevocationSet } from "../../net/identity/mod.ts";
import type { NodeSettings } from "../home/mod.ts";
import type { Changes } from "./changes.ts";
import type { ClusterFile } from "./cluster_file.ts";
import { portsToTry } from "./listen.ts";
import type { Peers } from "./peers.ts";
import type { Tokens } from "./tokens.ts";

const PRESETS = { lan: LAN, wan: WAN, local: LOCAL };

/** What an agent's gossip is made from. */
export interface AgentGossipOptions {
  readonly identity: NodeIdentity;
  readonly isAuthority: boolean;
  readonly addresses: readonly string[];
  /** UDP and TCP. */
  readonly nodePort: number;
  readonly settings: NodeSettings;
  readonly version: string;
  readonly revocations: RevocationSet;
  readonly file: ClusterFile;
  readonly tokens: Tokens;
  readonly peers: Pick<Peers, "of">;
  readonly changes: Changes;
  /** Another node has come, gone, or changed. */
  onMember(member: ClusterMember): void;
  onRevoked(node: string): void;
  /** HOST:PORT where machines join. */
  hints(): string[];
  log(line: string): void;
}

/**
 * Begins to gossip: at the port of the settings, else at the one of last time, else the usual one, else any. Throws UNAVAILABLE
 * when it cannot listen, INVALID_ARGUMENT for what others cannot be told of this node.
 */
export async function startGossip(options: AgentGossipOptions): Promise<GossipNode> {
  const { settings: { network }, file } = options;
  const [first = 0, ...others] = portsToTry(network.gossipPort, file.memory.gossipPort, GOSSIP_PORT);
  try {
    return await gossipAt(first, options);
  } catch (error) {
    if (others.length === 0) throw error;
    return await gossipAt(0, options);
  }
}

function gossipAt(port: number, options: AgentGossipOptions): Promise<GossipNode> {
  const { identity, isAuthority, addresses, nodePort, settings, version, revocations, file, tokens, log } = options;
  const { network, region, zone } = settings;
  return GossipNode.start({
    identity,
    facts: {
      addresses,
      nodePort,
      tlsPort: nodePort,
      region,
      zone,
      version,
      startedAtMs: Date.now(),
      isAuthority,
    },
    streams: streamsOver(options.peers),
    events: {
      onMember: (_change, member) => options.onMember(member),
      onCatalog: (service) => options.changes.ring(service),
      onRevoked: (node) => options.onRevoked(node),
      onKeys: (keys) => file.note({ gossipKeys: Buffer.from(keys).toString("base64") }),
      onRevocations: (bytes) => file.note({ revocations: Buffer.from(bytes).toString("base64") }),
      onContacts: (contacts) => file.note({ contacts }),
      log,
    },
    revocations,
    keys: Buffer.from(file.memory.gossipKeys, "base64"),
    waitsForKeys: !isAuthority,
    host: network.host,
    port,
    seeds: network.seeds,
    remembered: file.memory.contacts,
    multicast: network.isMulticast && { port: network.multicastPort },
    seekKeys: () => tokens.seekKeys().map(({ key }) => key),
    joinAddresses: () => options.hints(),
    membership: PRESETS[network.preset],
  });
}

function streamsOver(peers: Pick<Peers, "of">): GossipStreams {
  return {
    exchange: (target, request, signal) => peers.of(target).exchange(request, signal),
    probe: async (target, signal) => void await peers.of(target).probe(signal),
  };
}
