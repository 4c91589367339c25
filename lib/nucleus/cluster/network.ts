import { CellError, toCellError } from "../../base/mod.ts";
import type { ClusterMember, GossipNode } from "../../gossip/mod.ts";
import {
  type AdoptedIdentity,
  createTrust,
  isNodeId,
  type NodeIdentity,
  RevocationSet,
  shortId,
  type StoredIdentity,
  type Trust,
} from "../../net/identity/mod.ts";
import { closeQuicLinksOf } from "../../net/quic/mod.ts";
import { LinkRegistry } from "../../net/tls/mod.ts";
import { findMember, isIdOf, type Member } from "../client/mod.ts";
import type { NodeSettings } from "../home/mod.ts";
import { Bell } from "./bell.ts";
import type { Changes } from "./changes.ts";
import type { ClusterFile } from "./cluster_file.ts";
import { dialAgent } from "./dial_agent.ts";
import { Doorstep } from "./doorstep.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import type { CredentialsIssuer } from "./issue_credentials.ts";
import { NODE_PORT_DEFAULT, portsToTry } from "./listen.ts";
import type { LocalNode } from "./local_node.ts";
import { Lookup } from "./lookup.ts";
import { Neighbours } from "./neighbours.ts";
import type { SkewFacts } from "./network_condition.ts";
import { NodeRenewal } from "./node_renewal.ts";
import { hostAndPort, ownAddresses } from "./own_addresses.ts";
import { OwnCredentials } from "./own_credentials.ts";
import { PeerService } from "./peer_service.ts";
import { Peers } from "./peers.ts";
import { Presences } from "./presences.ts";
import { Published } from "./published.ts";
import { SpeciesSchemas } from "./species_schemas.ts";
import { startGossip } from "./start_gossip.ts";
import type { Tokens } from "./tokens.ts";
import { Upkeep } from "./upkeep.ts";

/** Nodes that a new member is told to gossip with. */
const CONTACTS_MAX = 8;

/** Where instances of this node are reached from itself when they listen at all interfaces. */
const LOOPBACKS: { readonly [host: string]: string } = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** What a network is made from. */
export interface NetworkOptions {
  readonly stored: StoredIdentity;
  /** Keeps a renewed identity. */
  adopt(identity: AdoptedIdentity): StoredIdentity;
  readonly file: ClusterFile;
  readonly tokens: Tokens;
  readonly changes: Changes;
  readonly settings: NodeSettings;
  readonly version: string;
  readonly node: LocalNode;
  /** This node was removed from its cluster. */
  onRemoved(network: Network): void;
  readonly log: (line: string) => void;
}

/** What a node is to others while its network is on: reachable, part of the gossip, and in touch with their agents. */
export class Network implements CredentialsIssuer {
  readonly presences = new Presences((instance, advertisement) => this.#published.onPresence(instance, advertisement));
  readonly neighbours: Neighbours;
  readonly schemas: SpeciesSchemas;
  readonly lookup: Lookup;
  readonly renewed = new Bell();
  readonly host: string;
  /** Where instances of this node are reached from this machine. */
  readonly instanceHost: string;
  readonly portFirst: number;
  readonly portLast: number;
  readonly #startedAt = performance.now();
  readonly #ended = new AbortController();
  readonly #links = new LinkRegistry();
  readonly #peers: Peers;
  readonly #revocations: RevocationSet;
  readonly #trust: Trust;
  readonly #gatekeeper: Gatekeeper;
  #stored: StoredIdentity;
  #addresses: string[];
  #credentials!: OwnCredentials;
  #doorstep!: Doorstep;
  #gossip: GossipNode | undefined;
  #published!: Published;
  #renewal!: NodeRenewal;
  #upkeep: Upkeep | undefined;

  private constructor(private readonly options: NetworkOptions) {
    const { stored, settings: { network }, file } = options;
    this.#stored = stored;
    this.#addresses = ownAddresses(network);
    this.host = network.host;
    this.instanceHost = LOOPBACKS[network.host] ?? network.host;
    this.portFirst = network.instancePorts?.first ?? 0;
    this.portLast = network.instancePorts?.last ?? 0;
    this.#revocations = new RevocationSet(stored.node.trust.authority.publicKey);
    this.#revocations.merge(Buffer.from(file.memory.revocations, "base64"), Date.now());
    this.#trust = createTrust(stored.node.authorityPem, (node) => this.#revocations.has(node));
    this.#peers = new Peers(
      (target, signal) =>
        dialAgent(
          target,
          { credentials: this.#credentials.current, trust: this.#trust, registry: this.#links },
          signal,
        ),
      (node) => this.#whereabouts(node),
    );
    this.neighbours = new Neighbours(() => this.#begun(), this.#peers);
    this.#gatekeeper = this.#makeGatekeeper();
    this.schemas = this.#makeSchemas();
    const { node, changes } = options;
    this.lookup = new Lookup({ neighbours: this.neighbours, node, changes, ended: this.ended });
  }

  /** Listens, and joins the gossip. Throws what keeps it from that; then nothing is left of it. */
  static async start(options: NetworkOptions): Promise<Network> {
    const network = new Network(options);
    try {
      await network.#start();
      return network;
    } catch (error) {
      await network.stop("silently");
      throw error;
    }
  }

  get identity(): NodeIdentity {
    return this.#stored.node;
  }

  /** Aborted when the network is turned off. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get addresses(): string[] {
    return [...this.#addresses];
  }

  get nodePort(): number {
    return this.#doorstep.port;
  }

  get gossipPort(): number {
    return this.#begun().port;
  }

  /** HOST:PORT where other nodes reach this one's agent. */
  get hints(): string[] {
    return this.#addresses.map((host) => hostAndPort(host, this.nodePort));
  }

  /** For how long it is on. */
  get onForMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** A node that does not hear this one, and is not heard, for their clocks; undefined where there is none. */
  get skew(): SkewFacts | undefined {
    const skew = this.#gossip?.clockSkew;
    if (skew === undefined) return undefined;
    const { node, from, aheadMs } = skew;
    return { name: this.neighbours.nameOf(node) ?? shortId(node), from, aheadMs };
  }

  revoked(): string[] {
    return this.#revocations.nodes();
  }

  /** See `ClusterApi.tunnel`. */
  tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.neighbours.agentOf(findMember(this.neighbours.members(), node).id).agent(bytes);
  }

  /** See `ClusterApi.removeMember`. */
  removeMember(node: string): Member {
    const { authority, node: identity } = this.#stored;
    if (node === identity.name || isIdOf(node, identity.nodeId)) {
      throw new CellError("INVALID_ARGUMENT", `removing ${node}: that is this node itself. To leave: cell leave`);
    }
    const member = this.#toRemove(node);
    if (authority === undefined) {
      throw new CellError(
        "FAILED_PRECONDITION",
        `removing ${member.name}: this node does not hold the authority's key. Remove it on the node where the cluster was made.`,
      );
    }
    this.#begun().revoke(authority.revoke(member.id, identity.nodeId, Date.now()));
    // Whoever is told that a node is removed can pull the plug.
    this.options.file.flush();
    return member;
  }

  /** Also one that was not heard of since this agent began, if it is named by its whole id: a stolen node may keep quiet. */
  #toRemove(node: string): Member {
    try {
      return findMember(this.neighbours.members(), node);
    } catch (thrown) {
      const { code, message, data } = toCellError(thrown);
      if (code !== "NOT_FOUND") throw thrown;
      if (isNodeId(node)) return unheard(node);
      const whole = "One that was not heard of since this agent began is removed by its whole id, all 32 digits: " +
        "cell logs nucleus has that of each node that joined";
      throw new CellError(code, `${message} ${whole}`, { data, cause: thrown });
    }
  }

  /** Resolves when the network is turned off, or `signal` aborts. */
  async untilEnded(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    const both = [signal, this.ended];
    for (const one of both) one.addEventListener("abort", onAbort, { once: true });
    if (!both.some(({ aborted }) => aborted)) await promise;
    for (const one of both) one.removeEventListener("abort", onAbort);
  }

  /** Ends everything, whatever goes wrong on the way. With "goodbye" the others are told before, within a bound. */
  async stop(how: "goodbye" | "silently"): Promise<void> {
    const { file, log } = this.options;
    this.#ended.abort();
    this.#upkeep?.[Symbol.dispose]();
    this.#renewal?.[Symbol.dispose]();
    if (how === "goodbye") await this.#gossip?.leave();
    this.#gossip?.stop();
    const closed = await Promise.allSettled([this.#doorstep?.close(), this.#peers.close()]);
    for (const one of closed) {
      if (one.status === "rejected") log(`warn: turning the network off: ${toCellError(one.reason).message}`);
    }
    this.#credentials?.[Symbol.dispose]();
    try {
      file.flush();
    } catch (error) {
      log(`error: ${toCellError(error).message}`);
    }
  }

  async #start(): Promise<void> {
    const { settings: { network }, node, file, log } = this.options;
    const { nodeId, clusterId } = this.identity;
    if (this.#revocations.has(nodeId)) {
      throw new CellError("FAILED_PRECONDITION", "this node was removed from its cluster. Join again: cell join TOKEN");
    }
    this.#credentials = await OwnCredentials.make(() => this.identity, log);
    this.#doorstep = await Doorstep.open({
      host: network.host,
      ports: portsToTry(network.port, file.memory.nodePort, NODE_PORT_DEFAULT),
      credentials: this.#credentials.current,
      trust: this.#trust,
      peers: this.#makePeerService(),
      join: (request, address) => this.#gatekeeper.admit(request, address),
      log,
    });
    this.#gossip = await this.#startGossip();
    const { nodePort, gossipPort } = this;
    // A node whose disk is full is to be there for others all the same.
    if (file.memory.nodePort !== nodePort || file.memory.gossipPort !== gossipPort) file.note({ nodePort, gossipPort });
    this.#published = new Published(this.#gossip, node, this.presences, log);
    this.#renewal = new NodeRenewal({
      current: () => this.#stored,
      authorities: () => this.neighbours.authorities().map((id) => this.neighbours.agentOf(id)),
      adopt: (identity) => this.#adopt(identity),
      log,
    });
    void this.#renewal.check();
    this.#upkeep = new Upkeep({
      network,
      addresses: () => this.#addresses,
      onAddresses: (addresses) => this.#move(addresses),
      onClockJump: () => this.#certifyAnew(),
      refresh: () => this.#published.refresh(),
      log,
    });
    log(
      `the network is on: node ${shortId(nodeId)} of cluster ${shortId(clusterId)}, ports ${this.nodePort} ` +
        `(QUIC and TLS) and ${this.gossipPort} (gossip)`,
    );
  }

  #startGossip(): Promise<GossipNode> {
    const { settings, version, file, tokens, changes, log } = this.options;
    return startGossip({
      identity: this.identity,
      isAuthority: this.#stored.authority !== undefined,
      addresses: this.#addresses,
      nodePort: this.nodePort,
      settings,
      version,
      revocations: this.#revocations,
      file,
      tokens,
      peers: this.#peers,
      changes,
      onMember: (member) => this.#onMember(member),
      onRevoked: (node) => this.#onRevoked(node),
      hints: () => this.hints,
      log,
    });
  }

  /** The gossip. Throws UNAVAILABLE before there is any: the port answers a little earlier. */
  #begun(): GossipNode {
    if (this.#gossip !== undefined) return this.#gossip;
    throw new CellError("UNAVAILABLE", "the network of this node is being turned on. Try again.", {
      retryable: true,
      data: { started: false },
    });
  }

  #makeGatekeeper(): Gatekeeper {
    const { tokens, settings, log } = this.options;
    return new Gatekeeper({
      authority: () => this.#stored.authority,
      tokens,
      isRevoked: (node) => this.#revocations.has(node),
      nameOf: (node) => this.neighbours.nameOf(node),
      holderOf: (name) => this.neighbours.holderOf(name),
      gossipKeys: () => this.#begun().keys(),
      contacts: () => this.#begun().contacts(CONTACTS_MAX),
      managers: settings.network.managers,
      log,
    });
  }

  #makeSchemas(): SpeciesSchemas {
    return new SpeciesSchemas({
      deployed: (species) => this.options.node.schemaOf(species),
      servedHere: (species) => this.presences.all().find((one) => one.species === species)?.service,
      holdersOf: (species) => this.neighbours.holdersOf(species),
      ask: (node, species) => this.neighbours.agentOf(node).speciesSchema(species),
    });
  }

  #makePeerService(): PeerService {
    return new PeerService({
      node: this.options.node,
      presences: this.presences,
      cluster: this.identity.clusterId,
      instanceHost: this.instanceHost,
      exchange: (request, caller) => this.#begun().answerExchange(request, caller),
      speciesSchema: (species) => this.schemas.own(species),
      renew: (request, caller) => this.#gatekeeper.renew(request, caller),
      isManager: (caller) => this.#gatekeeper.isManager(caller),
      nameOf: (caller) => this.neighbours.nameOf(caller),
    });
  }

  #adopt(identity: AdoptedIdentity): void {
    this.#stored = this.options.adopt(identity);
    this.#begun().describe({}, this.identity);
    this.#certifyAnew();
  }

  #certifyAnew(): void {
    void this.#credentials.renew();
    this.renewed.ring();
    void this.#renewal.check();
  }

  #move(addresses: string[]): void {
    this.#addresses = addresses;
    this.#begun().describe({ addresses });
  }

  /**
   * What waits for a node that has gone, or that is somewhere else, need not wait until its connection is silent for long. Who
   * follows what it does not have is left alone: in a large cluster that is nearly everybody, and members change all the time.
   */
  #onMember({ id, state, isSelf, record }: ClusterMember): void {
    const { changes } = this.options;
    if (this.#gossip === undefined) changes.ring();
    else changes.ringEach(this.#gossip.catalog.servicesOf(id));
    if (isSelf) return;
    if (state === "failed" || state === "left") this.#peers.drop(id, gone(record.name, state));
    else this.#peers.dropMoved(id);
  }

  #whereabouts(node: string): string | undefined {
    const record = this.#gossip?.member(node)?.record;
    if (record === undefined) return undefined;
    const { addresses, nodePort, tlsPort, startedAtMs } = record;
    return JSON.stringify([addresses, nodePort, tlsPort, startedAtMs]);
  }

  #onRevoked(node: string): void {
    const { options: { log, changes }, identity } = this;
    log(`node ${shortId(node)} was removed from the cluster`);
    const error = new CellError("UNAUTHENTICATED", `node ${shortId(node)} was removed from the cluster`);
    closeQuicLinksOf(node);
    this.#links.closeWhere((peer) => peer.node === node, error);
    this.#doorstep.closeConnectionsOf(node, error);
    this.#peers.drop(node, error);
    this.renewed.ring();
    changes.ring();
    if (node === identity.nodeId) this.options.onRemoved(this);
  }
}

function gone(name: string, state: "failed" | "left"): CellError {
  const why = state === "failed" ? "has failed: it does not answer the others any more" : "has left the cluster";
  return new CellError("UNAVAILABLE", `node ${name} ${why}`, { retryable: true });
}

/** A member of which nothing is known but its id. */
function unheard(id: string): Member {
  return {
    name: shortId(id),
    id,
    address: "",
    state: "failed",
    sinceMs: 0,
    region: "",
    zone: "",
    version: "",
    instances: 0,
    isAuthority: false,
    isSelf: false,
  };
}
