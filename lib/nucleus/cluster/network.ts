import { CellError, SECOND } from "../../base/mod.ts";
import type { CatalogEntry } from "../../gossip/catalog/mod.ts";
import { LAN, LOCAL, WAN } from "../../gossip/core/mod.ts";
import { type ClusterMember, GOSSIP_PORT, GossipNode, type GossipStreams, targetOf } from "../../gossip/mod.ts";
import {
  type AdoptedIdentity,
  createTrust,
  type NodeIdentity,
  RevocationSet,
  shortId,
  type StoredIdentity,
  type Trust,
} from "../../net/identity/mod.ts";
import { closeQuicLinksOf } from "../../net/quic/mod.ts";
import { LinkRegistry } from "../../net/tls/mod.ts";
import { connectService } from "../../service/mod.ts";
import { type CatalogInstance, findMember, type Member } from "../client/mod.ts";
import { EVERY_NODE, type NodeSettings } from "../home/mod.ts";
import { admit } from "./admission.ts";
import { Bell } from "./bell.ts";
import { catalogInstance } from "./catalog_instance.ts";
import type { ClusterFile } from "./cluster_file.ts";
import { dialAgent } from "./dial_agent.ts";
import { Doorstep } from "./doorstep.ts";
import type { CredentialsIssuer } from "./issue_credentials.ts";
import type { LocalNode } from "./local_node.ts";
import { memberOf } from "./member.ts";
import { NameSearch } from "./name_search.ts";
import { NodeRenewal } from "./node_renewal.ts";
import { NODE_PORT_DEFAULT, portsToTry } from "./listen.ts";
import { hostAndPort, ownAddresses } from "./own_addresses.ts";
import { OwnCredentials } from "./own_credentials.ts";
import type { JoinAnswer, JoinRequest } from "./peer_schema.ts";
import { PeerService } from "./peer_service.ts";
import { type PeerCalls, Peers } from "./peers.ts";
import { Presences } from "./presences.ts";
import { Published } from "./published.ts";
import { renewFor } from "./renew_for.ts";
import type { Tokens } from "./tokens.ts";

/** How often others are told how instances do, and it is looked whether this machine has other addresses. */
const REFRESH_MS = 5 * SECOND;
/** How long an instance that was woken elsewhere may take to be in the catalog. */
const ARRIVAL_MS_MAX = 5 * SECOND;
/** How many nodes are asked for a schema, one after the other. */
const SCHEMA_HOLDERS_MAX = 5;
/** Nodes that a new member is told to gossip with. */
const CONTACTS_MAX = 8;

const PRESETS = { lan: LAN, wan: WAN, local: LOCAL };
/** Where instances of this node are reached from itself when they listen at all interfaces. */
const LOOPBACKS: { readonly [host: string]: string } = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** What a network is made from. */
export interface NetworkOptions {
  readonly stored: StoredIdentity;
  /** Keeps a renewed identity. */
  adopt(identity: AdoptedIdentity): StoredIdentity;
  readonly file: ClusterFile;
  readonly tokens: Tokens;
  /** Rung when members or instances have changed. */
  readonly changed: Bell;
  readonly settings: NodeSettings;
  readonly version: string;
  readonly node: LocalNode;
  /** This node was removed from its cluster. */
  onRemoved(): void;
  readonly log: (line: string) => void;
}

/** What a node is to others while its network is on: reachable, part of the gossip, and in touch with their agents. */
export class Network implements CredentialsIssuer {
  readonly presences = new Presences((instance, advertisement) => this.#published.onPresence(instance, advertisement));
  readonly renewed = new Bell();
  readonly host: string;
  readonly portFirst: number;
  readonly portLast: number;
  readonly #startedAt = performance.now();
  readonly #ended = new AbortController();
  readonly #links = new LinkRegistry();
  readonly #peers: Peers;
  readonly #revocations: RevocationSet;
  readonly #trust: Trust;
  readonly #search: NameSearch;
  #stored: StoredIdentity;
  #addresses: string[];
  #credentials!: OwnCredentials;
  #doorstep!: Doorstep;
  #gossip!: GossipNode;
  #published!: Published;
  #renewal!: NodeRenewal;
  #refreshing: ReturnType<typeof setInterval> | undefined;

  private constructor(private readonly options: NetworkOptions) {
    const { stored, settings: { network }, file } = options;
    this.#stored = stored;
    this.#addresses = ownAddresses(network);
    this.host = network.host;
    this.portFirst = network.instancePorts?.first ?? 0;
    this.portLast = network.instancePorts?.last ?? 0;
    this.#revocations = new RevocationSet(stored.node.trust.authority.publicKey);
    this.#revocations.merge(Buffer.from(file.memory.revocations, "base64"), Date.now());
    this.#trust = createTrust(stored.node.authorityPem, (node) => this.#revocations.has(node));
    this.#peers = new Peers((target) =>
      dialAgent(target, { credentials: this.#credentials.current, trust: this.#trust, registry: this.#links })
    );
    this.#search = new NameSearch({
      living: () => this.#living(),
      has: (node, service) => this.#agentOf(node).has(service),
      wake: (node, service) => this.#agentOf(node).wake(service),
      arrived: (service) => this.#arrived(service),
      now: () => performance.now(),
      random: Math.random,
    });
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
    return this.#gossip.port;
  }

  /** HOST:PORT where other nodes reach this one's agent. */
  get hints(): string[] {
    return this.#addresses.map((host) => hostAndPort(host, this.nodePort));
  }

  /** For how long it is on. */
  get onForMs(): number {
    return performance.now() - this.#startedAt;
  }

  revoked(): string[] {
    return this.#revocations.nodes();
  }

  /** The other nodes. */
  members(): Member[] {
    const counts = new Map<string, number>();
    for (const { node } of this.#gossip.catalog.all()) counts.set(node, (counts.get(node) ?? 0) + 1);
    const others = this.#gossip.members().filter(({ isSelf }) => !isSelf);
    return others.map((member) => memberOf(member, counts.get(member.id) ?? 0));
  }

  /** Instances of other nodes; of one service when it is named. */
  instances(service?: string): CatalogInstance[] {
    const { catalog } = this.#gossip;
    const entries = service === undefined ? catalog.all() : catalog.entries(service);
    return entries.flatMap((entry) => this.#instance(entry));
  }

  /** See `ClusterApi.lookup`. */
  async lookup(service: string): Promise<CatalogInstance[]> {
    const known = this.instances(service);
    if (known.length > 0 || !await this.#search.find(service)) return known;
    return this.instances(service);
  }

  /** The schema of a species, of this node's own instances or from a node that has it; undefined when none answers. */
  async speciesSchema(species: string): Promise<string | undefined> {
    const own = await this.#ownSchema(species);
    if (own !== undefined) return own;
    const holders = new Set(this.#gossip.catalog.holdersOf(species).map(({ node }) => node));
    holders.delete(this.identity.nodeId);
    for (const node of [...holders].slice(0, SCHEMA_HOLDERS_MAX)) {
      const schema = await this.#agentOf(node).speciesSchema(species).catch(() => "");
      if (schema !== "") return schema;
    }
    return undefined;
  }

  /** See `ClusterApi.tunnel`. */
  tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.#agentOf(findMember(this.members(), node).id).agent(bytes);
  }

  /** See `ClusterApi.removeMember`. */
  removeMember(node: string): Promise<Member> {
    const { authority, node: identity } = this.#stored;
    const member = findMember(this.members(), node);
    if (authority === undefined) {
      throw new CellError(
        "FAILED_PRECONDITION",
        `removing ${member.name}: this node does not hold the authority's key. Remove it on the node where the cluster was made.`,
      );
    }
    this.#gossip.revoke(authority.revoke(member.id, identity.nodeId, Date.now()));
    return Promise.resolve(member);
  }

  /** Resolves when the network is turned off, or `signal` aborts. */
  untilEnded(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const either = AbortSignal.any([signal, this.ended]);
    if (either.aborted) resolve();
    either.addEventListener("abort", () => resolve(), { once: true });
    return promise;
  }

  /** Ends everything. With "goodbye" the others are told before, within a bound. */
  async stop(how: "goodbye" | "silently"): Promise<void> {
    this.#ended.abort();
    clearInterval(this.#refreshing);
    this.#renewal?.[Symbol.dispose]();
    if (how === "goodbye") await this.#gossip?.leave();
    this.#gossip?.stop();
    await Promise.all([this.#doorstep?.close(), this.#peers.close()]);
    this.#credentials?.[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    const { settings: { network }, node, file, log } = this.options;
    this.#credentials = await OwnCredentials.make(() => this.identity, log);
    this.#doorstep = await Doorstep.open({
      host: network.host,
      ports: portsToTry(network.port, file.memory.nodePort, NODE_PORT_DEFAULT),
      credentials: this.#credentials.current,
      trust: this.#trust,
      peers: this.#peerService(),
      join: (request, address) => this.#admit(request, address),
      log,
    });
    this.#gossip = await this.#startGossip();
    file.update({ nodePort: this.nodePort, gossipPort: this.gossipPort });
    this.#published = new Published(this.#gossip, node, this.presences, log);
    this.#renewal = new NodeRenewal({
      current: () => this.#stored,
      authorities: () => this.#authorities().map((id) => this.#agentOf(id)),
      adopt: (identity) => this.#adopt(identity),
      log,
    });
    void this.#renewal.check();
    this.#refreshing = setInterval(() => this.#refresh(), REFRESH_MS);
    this.#refreshing.unref();
    const { nodeId, clusterId } = this.identity;
    log(
      `the network is on: node ${shortId(nodeId)} of cluster ${shortId(clusterId)}, ports ${this.nodePort} ` +
        `(QUIC and TLS) and ${this.gossipPort} (gossip)`,
    );
  }

  async #startGossip(): Promise<GossipNode> {
    const { settings: { network }, file } = this.options;
    const [first = 0, ...others] = portsToTry(network.gossipPort, file.memory.gossipPort, GOSSIP_PORT);
    try {
      return await this.#gossipAt(first);
    } catch (error) {
      if (others.length === 0) throw error;
      return await this.#gossipAt(0);
    }
  }

  #gossipAt(port: number): Promise<GossipNode> {
    const { settings, version, file, tokens, log, changed } = this.options;
    const { network, region, zone } = settings;
    const streams: GossipStreams = {
      exchange: (target, request, signal) => this.#peers.of(target).exchange(request, signal),
      probe: async (target, signal) => void await this.#peers.of(target).probe(signal),
    };
    return GossipNode.start({
      identity: this.identity,
      facts: {
        addresses: this.#addresses,
        nodePort: this.nodePort,
        tlsPort: this.nodePort,
        region,
        zone,
        version,
        startedAtMs: Date.now(),
        isAuthority: this.#stored.authority !== undefined,
      },
      streams,
      events: {
        onMember: () => changed.ring(),
        onCatalog: () => changed.ring(),
        onRevoked: (node) => this.#onRevoked(node),
        onKeys: (keys) => file.update({ gossipKeys: Buffer.from(keys).toString("base64") }),
        onRevocations: (bytes) => file.update({ revocations: Buffer.from(bytes).toString("base64") }),
        onContacts: (contacts) => file.update({ contacts }),
        log,
      },
      revocations: this.#revocations,
      keys: Buffer.from(file.memory.gossipKeys, "base64"),
      waitsForKeys: this.#stored.authority === undefined,
      host: network.host,
      port,
      seeds: network.seeds,
      remembered: file.memory.contacts,
      multicast: network.isMulticast && { port: network.multicastPort },
      seekKeys: () => tokens.seekKeys().map(({ key }) => key),
      joinAddresses: () => this.hints,
      membership: PRESETS[network.preset],
    });
  }

  #peerService(): PeerService {
    const { node, settings: { network } } = this.options;
    return new PeerService({
      node,
      presences: this.presences,
      cluster: this.identity.clusterId,
      instanceHost: LOOPBACKS[network.host] ?? network.host,
      exchange: (request) => Promise.resolve(this.#gossip.answerExchange(request)),
      speciesSchema: (species) => this.#ownSchema(species),
      renew: (request, caller) => this.#renewFor(request, caller),
      isManager: (caller) => {
        const name = this.#gossip.member(caller)?.record.name;
        return network.managers.includes(EVERY_NODE) || (name !== undefined && network.managers.includes(name));
      },
    });
  }

  #admit(request: JoinRequest, address: string): Promise<JoinAnswer> {
    const { authority } = this.#stored;
    if (authority === undefined) {
      throw new CellError(
        "FAILED_PRECONDITION",
        "joining: this node does not hold the authority's key; ask the one that made the token",
      );
    }
    return admit(request, address, {
      authority,
      tokens: this.options.tokens,
      isRevoked: (node) => this.#revocations.has(node),
      holderOf: (name) => this.#holderOf(name),
      gossipKeys: () => this.#gossip.keys(),
      contacts: () => this.#gossip.contacts(CONTACTS_MAX),
      log: this.options.log,
    });
  }

  /** The id of the node that has this name and lives. */
  #holderOf(name: string): string | undefined {
    const isHere = (state: string) => state === "alive" || state === "suspect";
    return this.#gossip.members().find(({ record, state }) => record.name === name && isHere(state))?.id;
  }

  async #renewFor(request: Uint8Array, caller: string): Promise<string> {
    const { authority } = this.#stored;
    if (authority === undefined) {
      throw new CellError("FAILED_PRECONDITION", "renewing a certificate: this node does not hold the authority's key");
    }
    return await renewFor(authority, request, caller);
  }

  #adopt(identity: AdoptedIdentity): void {
    this.#stored = this.options.adopt(identity);
    this.#gossip.describe({}, this.identity);
    void this.#credentials.renew();
    this.renewed.ring();
  }

  #refresh(): void {
    this.#published.refresh();
    const addresses = ownAddresses(this.options.settings.network);
    if (addresses.join() === this.#addresses.join()) return;
    this.options.log(
      `this machine's addresses have changed: ${addresses.join(", ")} after ${this.#addresses.join(", ")}`,
    );
    this.#addresses = addresses;
    this.#gossip.describe({ addresses });
  }

  #onRevoked(node: string): void {
    const { options: { log, changed }, identity } = this;
    log(`node ${shortId(node)} was removed from the cluster`);
    const error = new CellError("UNAUTHENTICATED", `node ${shortId(node)} was removed from the cluster`);
    closeQuicLinksOf(node);
    this.#links.closeWhere((peer) => peer.node === node, error);
    this.#doorstep.closeConnectionsOf(node, error);
    this.#peers.drop(node);
    this.renewed.ring();
    changed.ring();
    if (node === identity.nodeId) this.options.onRemoved();
  }

  #instance(entry: CatalogEntry): CatalogInstance[] {
    if (entry.node === this.identity.nodeId) return [];
    const record = this.#gossip.member(entry.node)?.record;
    return record === undefined ? [] : [catalogInstance(entry, record)];
  }

  /** Ids of the other nodes that live. */
  #living(): string[] {
    return this.#others().map(({ id }) => id);
  }

  /** Ids of those that hold the authority's key. */
  #authorities(): string[] {
    return this.#others().filter(({ record }) => record.isAuthority).map(({ id }) => id);
  }

  #others(): ClusterMember[] {
    return this.#gossip.members().filter(({ isSelf, state }) => !isSelf && state === "alive");
  }

  #agentOf(node: string): PeerCalls {
    const member = this.#gossip.member(node);
    if (member !== undefined) return this.#peers.of(targetOf(member.record));
    throw new CellError("UNAVAILABLE", `reaching node ${shortId(node)}: it is no member of the cluster`, {
      data: { started: false },
    });
  }

  async #ownSchema(species: string): Promise<string | undefined> {
    const deployed = await this.options.node.schemaOf(species);
    if (deployed !== undefined) return deployed;
    const offered = this.presences.all().find((one) => one.species === species);
    if (offered === undefined) return undefined;
    const client = await connectService(offered.service, { transport: "uds" });
    try {
      const schema = await client.schema();
      return schema.species === species ? JSON.stringify(schema) : undefined;
    } finally {
      await client.close();
    }
  }

  async #arrived(service: string): Promise<boolean> {
    const { changed } = this.options;
    const signal = AbortSignal.any([this.ended, AbortSignal.timeout(ARRIVAL_MS_MAX)]);
    while (!signal.aborted) {
      const seen = changed.count;
      if (this.#gossip.catalog.entries(service).length > 0) return true;
      await changed.after(seen, signal);
    }
    return false;
  }
}
