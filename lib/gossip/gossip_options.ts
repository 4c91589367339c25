import { CellError } from "../base/mod.ts";
import type { NodeId, NodeIdentity, RevocationSet } from "../net/identity/mod.ts";
import type { CatalogOptions } from "./catalog/mod.ts";
import { type Change, LAN, type MembershipOptions, type MemberState } from "./core/mod.ts";
import { DEFAULT_MULTICAST, type MulticastOptions } from "./discovery/mod.ts";
import type { NodeFacts, NodeRecord } from "./node_record.ts";
import { DEFAULT_KEY_RING_OPTIONS, type KeyRingOptions } from "./seal/mod.ts";
import type { StreamTarget } from "./stream_target.ts";

/** A member as the owner of a node is shown it. */
export interface ClusterMember {
  readonly id: NodeId;
  readonly state: MemberState;
  readonly isSelf: boolean;
  readonly record: NodeRecord;
  /** Since when it is in this state, by this node's clock. */
  readonly sinceMs: number;
}

/** What needs a stream, which somebody else knows how to make. Both ends are authenticated as nodes of the cluster. */
export interface GossipStreams {
  /**
   * Brings a request to another node's `answerExchange` and returns its answer. Rejects when the node cannot be reached, is
   * another one than `target.node`, or has been revoked. At most EXCHANGE_BYTES_MAX each way.
   */
  exchange(target: StreamTarget, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** Resolves when the node answers there. */
  probe(target: StreamTarget, signal: AbortSignal): Promise<void>;
}

/** What the owner is told. Nothing of this may throw. */
export interface GossipEvents {
  /** A member has joined, changed, failed, come back, left or been removed. */
  onMember?(change: Change, member: ClusterMember): void;
  /** The visible entries of this service have changed. */
  onCatalog?(service: string): void;
  /** A node was revoked: connections to it are to be closed, and if it is this node itself, everything. */
  onRevoked?(node: NodeId): void;
  /** To be kept for the next start, readable by this user only: what `keys` then is. */
  onKeys?(keys: Uint8Array): void;
  /** To be kept for the next start: what `RevocationSet.merge` then takes. */
  onRevocations?(revocations: Uint8Array): void;
  /** To be kept for the next start: what `remembered` then is. */
  onContacts?(contacts: readonly string[]): void;
  /** A line for people. */
  log(line: string): void;
}

/** The time. */
export interface Clocks {
  /** Milliseconds since 1970, as the machine believes. */
  wallMs(): number;
  /** Milliseconds that never go back. */
  steadyMs(): number;
}

/** What a node of the gossip is made from. */
export interface GossipOptions {
  readonly identity: NodeIdentity;
  /** What the node says of itself; its gossip port is known when it listens. */
  readonly facts: Omit<NodeFacts, "gossipPort">;
  readonly streams: GossipStreams;
  readonly events: GossipEvents;
  /** Shared with whatever checks certificates; only this node adds to it. */
  readonly revocations: RevocationSet;
  /** As `onKeys` gave them or a join answered; none makes the cluster's first key. @default none */
  readonly keys?: Uint8Array;
  /** With no keys, whether to wait for those of another node instead. @default false */
  readonly waitsForKeys?: boolean;
  /** The IP address to listen at. @default "::", which is all, of IPv4 too */
  readonly host?: string;
  /** UDP; 0 lets the kernel choose. @default 9044, or one of the kernel's choice where that is taken */
  readonly port?: number | undefined;
  /** Gossip addresses HOST:PORT or HOST:PORT/NODEPORT that people gave. @default [] */
  readonly seeds?: readonly string[];
  /** What `onContacts` gave last, or a join answered. @default [] */
  readonly remembered?: readonly string[];
  /** Whether and where nodes are looked for on the local network; false for nowhere. @default 239.255.42.1:9042 */
  readonly multicast?: Partial<MulticastOptions> | false;
  /** `seekKeyOf` each token of this node that may be used. @default none */
  readonly seekKeys?: () => readonly Uint8Array[];
  /** HOST:PORT where nodes join, for who seeks. @default none */
  readonly joinAddresses?: () => readonly string[];
  /** @default LAN */
  readonly membership?: Partial<MembershipOptions>;
  readonly catalog?: Partial<CatalogOptions>;
  readonly keyRing?: Partial<KeyRingOptions>;
  /** @default those of the system */
  readonly clocks?: Clocks;
  /** @default Math.random */
  readonly random?: () => number;
}

/** Options of which each has a value, but for the port. */
export type ValidGossipOptions = GossipOptions & typeof GOSSIP_DEFAULTS;

/** What holds unless told otherwise. */
export const GOSSIP_DEFAULTS = {
  keys: new Uint8Array(0),
  waitsForKeys: false,
  host: "::",
  seeds: [],
  remembered: [],
  multicast: DEFAULT_MULTICAST,
  seekKeys: () => [],
  joinAddresses: () => [],
  membership: LAN,
  catalog: {},
  keyRing: DEFAULT_KEY_RING_OPTIONS,
  clocks: systemClocks(),
  random: Math.random,
} satisfies Partial<GossipOptions>;

const PORT_MAX = 65_535;

/** The options with their defaults. Throws INVALID_ARGUMENT with the bound that was broken. */
export function validateGossip(options: GossipOptions): ValidGossipOptions {
  const { port } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= PORT_MAX)) {
    throw new CellError("INVALID_ARGUMENT", `gossip option port: expected 0 to ${PORT_MAX}, found ${port}`);
  }
  return { ...GOSSIP_DEFAULTS, ...options } as ValidGossipOptions;
}

function systemClocks(): Clocks {
  // Steady from where the wall clock is now, so that its times can be shown to people.
  const startMs = Date.now() - performance.now();
  return { wallMs: Date.now, steadyMs: () => startMs + performance.now() };
}
