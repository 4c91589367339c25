/** What the node agent offers about the other machines: part of `NucleusApi`. */

/** "starting": it is being turned on. "failed": it should be on and is not. The others say why there is none. */
export type NetworkState = "off" | "starting" | "on" | "failed" | "left" | "removed";

/** Whether this node is there for others, and if not why. */
export interface NetworkCondition {
  state: NetworkState;
  /** Why this node is among no others although it should be, or was, and what to do; null where there is nothing to do. */
  problem: string | null;
  /** What is hardly meant so, and keeps nothing that runs here from it, and what to do; null where there is nothing. */
  warning: string | null;
}

/** This node in its cluster. */
export interface ClusterStatus {
  /** Derived from the key of the cluster's authority, 32 hexadecimal digits. */
  cluster: string;
  /** Derived from the node's key, 32 hexadecimal digits. */
  nodeId: string;
  /** The node's name. */
  node: string;
  region: string;
  zone: string;
  /** Whether the node listens to the network. Off until the first token is made, or the node joins. */
  network: boolean;
  state: NetworkState;
  /** As in `NetworkCondition`. */
  problem: string | null;
  /** Whether this node holds the authority's key: such a node makes tokens and lets others in. */
  authority: boolean;
  /** Hosts that other nodes reach this one at. */
  addresses: string[];
  /** UDP for QUIC and TCP for TLS; null while the network is off. */
  nodePort: number | null;
  /** UDP; null while the network is off. */
  gossipPort: number | null;
  /** When the node's certificate ends; it is renewed before. */
  certificateExpiresAt: Date;
}

export type MemberState = "alive" | "suspect" | "failed" | "left";

/** A node of the cluster, as this node sees it. */
export interface Member {
  name: string;
  /** 32 hexadecimal digits. */
  id: string;
  /** HOST:PORT of its agent; empty for this node while the network is off. */
  address: string;
  state: MemberState;
  /** For how long it has been in this state. */
  sinceMs: number;
  region: string;
  zone: string;
  /** Of its binary. */
  version: string;
  /** How many instances it offers. */
  instances: number;
  /** Whether it holds the authority's key: tokens are made there. */
  isAuthority: boolean;
  /** Whether it is this node. */
  isSelf: boolean;
}

/** Callers of any age know these words and no others: what is new is told by a property of its own. */
export type InstanceHealth = "up" | "degraded" | "down";

/** An instance somewhere in the cluster. */
export interface CatalogInstance {
  service: string;
  /** SERVICE@NUMBER, or the service's name of one that was not deployed. */
  instance: string;
  species: string;
  release: number | null;
  /** The node's name. */
  node: string;
  nodeId: string;
  region: string;
  zone: string;
  /** What its node says of it. */
  health: InstanceHealth;
  /** Whether its node is suspected: it answers nobody at the moment, and may be dead. Absent is no. */
  isSilent?: boolean;
  /** From 0 (idle) to 1. */
  load: number;
  /** In the order in which they are tried: "quic:HOST:PORT", "tls:HOST:PORT", "relay:HOST:PORT". */
  endpoints: string[];
}

/** What an instance needs to be reached: asked of the agent by its process, for as long as it lives. */
export interface CredentialsRequest {
  /** "cell" for a command at a shell. */
  service: string;
  /** SERVICE@NUMBER, the service's name, or a command's pid. */
  instance: string;
  /** Raw Ed25519 public key, 32 bytes. The private key stays with the process. */
  publicKey: Uint8Array;
}

/** Who the process is to others, for now. */
export interface IssuedCredentials {
  cluster: string;
  nodeId: string;
  /** PEM: the certificate of the process, then the node's. */
  chain: string;
  /** PEM: the authority's certificate. */
  authority: string;
  expiresAt: Date;
  /** Ids of nodes that were removed from the cluster: their certificates count no more. */
  revoked: string[];
  /** Where the process listens to the network: the interface's address. */
  host: string;
  /** Ports that it may take; 0 and 0 for any. */
  portFirst: number;
  portLast: number;
}

/** Where an instance listens to the network. */
export interface Advertisement {
  service: string;
  instance: string;
  species: string;
  release: number | null;
  /** 0: none. */
  quicPort: number;
  /** 0: none. */
  tlsPort: number;
  /** Whether it answers only to some. */
  isRestricted: boolean;
}

/** What a new token allows. */
export interface TokenRequest {
  /** @default 3_600_000 */
  ttlMs?: number;
  /** How many nodes may join with it. @default 1 */
  uses?: number;
}

/** A token and what it is good for. */
export interface IssuedToken {
  token: string;
  /** To name it without telling the secret. */
  id: string;
  expiresAt: Date;
  uses: number;
  /** The addresses in it. */
  addresses: string[];
}

/** A token that was made and can still be used. */
export interface OpenToken {
  id: string;
  expiresAt: Date;
  usesLeft: number;
}

/** Which lines of logs are asked for. */
export interface LogQuery {
  service: string;
  /** @default all of its instances */
  instance?: number;
  /** How many of the last lines. */
  last: number;
  /** Only lines that are not older. */
  since?: Date;
  /** Whether it goes on with what is written from now on. */
  follow: boolean;
}

/** One line of an instance's log. */
export interface RemoteLogLine {
  instance: string;
  time: Date;
  stream: "stdout" | "stderr" | "system" | "native";
  text: string;
}

/** The methods of the service `nucleus` that are about other machines. */
export interface ClusterApi {
  cluster(): Promise<ClusterStatus>;
  /** Every node, sorted by name, this one included. */
  members(): Promise<Member[]>;
  /** Instances that can be called, sorted by service, node and instance; of one service when it is named. */
  discover(service?: string): Promise<CatalogInstance[]>;
  /** Names of all services that have instances, sorted: of a large cluster far less than what `discover` says. */
  services(): Promise<string[]>;
  /** The same as `discover` whenever it changes, and at once. */
  watch(service?: string): AsyncGenerator<CatalogInstance[], void, void>;

  /** Lets others join, and turns the network on. Throws FAILED_PRECONDITION where the authority's key is not. */
  createToken(request: TokenRequest): Promise<IssuedToken>;
  tokens(): Promise<OpenToken[]>;
  /** Makes a token worthless. Throws NOT_FOUND. */
  revokeToken(id: string): Promise<void>;
  /**
   * Makes this node a member of the cluster that the token is of, and turns the network on. Without `address` the hints
   * of the token are tried, and the LAN is asked. Without a token: comes back to the cluster that the node has left.
   */
  join(token?: string, address?: string): Promise<ClusterStatus>;
  /** Says goodbye to the others and turns the network off; what runs here goes on for callers of this machine. */
  leave(): Promise<void>;
  /** Takes a node's right to be a member away: its connections end everywhere. By name or id. */
  removeMember(node: string): Promise<Member>;

  /** For processes of this node: who they are, anew before it expires and when a node was removed. */
  credentials(request: CredentialsRequest): AsyncGenerator<IssuedCredentials, void, void>;
  /** For instances of this node: they are in the catalog until this ends. Gives an item when they are in it. */
  advertise(advertisement: Advertisement): AsyncGenerator<boolean, void, void>;
  /**
   * Instances of a service on other nodes, for who wants to call one. Where none is known the others are asked once, for
   * at most 500 ms, and one that is deployed somewhere and sleeps is woken.
   */
  lookup(service: string): Promise<CatalogInstance[]>;
  /** The schema of a species as JSON, from whichever node has it. Throws NOT_FOUND. */
  speciesSchema(species: string): Promise<string>;

  /** Bytes between a command and the agent of another node, which then is its own: every method works there. */
  tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void>;
  /** Stores a package that was built elsewhere. Throws INVALID_ARGUMENT when the content is not what the hash says. */
  storePackage(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<void>;
  logs(query: LogQuery): AsyncGenerator<RemoteLogLine, void, void>;
}
