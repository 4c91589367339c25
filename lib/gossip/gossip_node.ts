import { CellError, SECOND } from "../base/mod.ts";
import type { NodeId, NodeIdentity } from "../net/identity/mod.ts";
import { Alarm } from "./alarm.ts";
import type { Catalog, CatalogStats, OwnEntry } from "./catalog/mod.ts";
import type { ClockSkew } from "./clock_skew.ts";
import { contactOf, formatContact } from "./contact.ts";
import { REMEMBERED_MAX } from "./contact_book.ts";
import type { MembershipStats } from "./core/mod.ts";
import { type MulticastOptions, validateMulticast } from "./discovery/mod.ts";
import { Exchanger } from "./exchanger.ts";
import { type ClusterMember, type GossipOptions, validateGossip, type ValidGossipOptions } from "./gossip_options.ts";
import { GossipState } from "./gossip_state.ts";
import { Greeter, type Greeting } from "./greeter.ts";
import { Inbox } from "./inbox.ts";
import { encodeKeys } from "./key_keeper.ts";
import { Knocker } from "./knocker.ts";
import { Lan } from "./lan.ts";
import type { NodeFacts } from "./node_record.ts";
import { Outbox } from "./outbox.ts";
import { Resolver } from "./resolver.ts";
import { DatagramKind, type Refusal } from "./seal/mod.ts";
import { formatAddress, type SocketAddress } from "./socket_address.ts";
import { StreamCalls } from "./stream_calls.ts";
import { type StreamTarget, targetOf } from "./stream_target.ts";
import { openUsual, type UdpSocket } from "./udp_socket.ts";

/** Members are told of a departure for this long at most. */
const LEAVE_MS_MAX = 3 * SECOND;

/** What has been counted since the start. */
export interface GossipStats {
  readonly membership: MembershipStats;
  readonly catalog: CatalogStats;
  /** Datagrams that were not used, by reason. */
  readonly refusals: Readonly<Record<Refusal, number>>;
  /** Datagrams that could not be sent. */
  readonly dropped: number;
  /** Exchanges that this node began. */
  readonly exchanges: number;
  readonly exchangesFailed: number;
}

/** This machine as a member of a cluster: a UDP socket, one timer, and everything in this room behind them. */
export class GossipNode {
  readonly #options: ValidGossipOptions;
  readonly #socket: UdpSocket;
  readonly #state: GossipState;
  readonly #inbox: Inbox;
  readonly #exchanger: Exchanger;
  readonly #calls: StreamCalls;
  readonly #outbox: Outbox;
  readonly #greeter: Greeter;
  readonly #knocker: Knocker;
  readonly #alarm: Alarm;
  #lan: Lan | undefined;
  #isStopped = false;
  #isNoting = false;
  #left: PromiseWithResolvers<void> | undefined;
  #leaveUntilMs = Infinity;

  private constructor(options: ValidGossipOptions, socket: UdpSocket, resolver: Resolver) {
    this.#options = options;
    this.#socket = socket;
    const { clocks, random, seeds, remembered } = options;
    const exchange = (target: StreamTarget) => this.#calls.exchange(target);
    this.#alarm = new Alarm(clocks.steadyMs, () => this.#tick());
    this.#state = new GossipState(options, socket.port, {
      send: (to, packet) => this.#outbox.send(to, DatagramKind.MEMBERSHIP, packet),
      exchange,
      probe: (id, target, timeoutMs) => this.#probe(id, target, timeoutMs),
      onChanged: () => this.#noteMembers(),
    });
    this.#exchanger = new Exchanger(this.#state, clocks.steadyMs());
    const schedule = () => this.#schedule();
    this.#calls = new StreamCalls(this.#exchanger, options.streams, clocks, this.#state.quietLog, schedule);
    this.#outbox = new Outbox(this.#state, clocks, socket);
    this.#greeter = new Greeter((record) => this.#state.isKnown(record), random);
    this.#inbox = new Inbox(this.#state, clocks, {
      onHello: (heard) => this.#greeter.hear(heard, this.#state.membership.live, clocks.steadyMs()),
      exchange,
      tellRevoked: (revocation, to) => this.#outbox.send(to, DatagramKind.REVOCATION, revocation),
      tellSkewed: (to) => this.#outbox.sayHello(to, false),
    });
    const knocking = {
      isAlone: () => this.#isAlone,
      hasKey: () => !this.#state.keyring.ring.isEmpty,
      isMemberAt: (address: string) => this.#isMemberAt(address),
      sayHello: (to: SocketAddress) => this.#outbox.sayHello(to, true),
      exchange,
      random,
      steadyMs: clocks.steadyMs,
    };
    this.#knocker = new Knocker(knocking, resolver, seeds, remembered);
  }

  /**
   * Begins to gossip. Throws INVALID_ARGUMENT for options out of their bounds, UNAVAILABLE when the port cannot be listened
   * at.
   */
  static async start(given: GossipOptions): Promise<GossipNode> {
    const options = validateGossip(given);
    const multicast = options.multicast === false ? undefined : validateMulticast(options.multicast);
    const resolver = new Resolver(options.clocks.steadyMs);
    let node: GossipNode | undefined;
    // Until the node is there, what comes is lost, as it would have been before.
    const onDatagram = (datagram: Uint8Array, from: string) => {
      if (node !== undefined) node.#onDatagram(datagram, from);
    };
    const socket = await openUsual(options.port, { host: options.host, onDatagram, resolver });
    socket.unref();
    try {
      node = new GossipNode(options, socket, resolver);
      await node.#begin(multicast);
      return node;
    } catch (error) {
      node?.stop();
      socket.close();
      throw error;
    }
  }

  get id(): NodeId {
    return this.#state.self;
  }

  /** UDP. */
  get port(): number {
    return this.#socket.port;
  }

  /** Instances of all live nodes, to be read. */
  get catalog(): Pick<Catalog, "services" | "servicesOf" | "entries" | "holdersOf" | "all" | "revision"> {
    return this.#state.catalog;
  }

  /** All members that are remembered, this node first, failed and left ones too. */
  members(): ClusterMember[] {
    return this.#state.members();
  }

  member(id: NodeId): ClusterMember | undefined {
    return this.#state.member(id);
  }

  /** A node that is ignored for its clock at present, as it ignores this one; undefined where there is none. */
  get clockSkew(): ClockSkew | undefined {
    const { wallMs, steadyMs } = this.#options.clocks;
    return this.#state.skews.current(wallMs(), steadyMs(), this.#isAlone);
  }

  /** Where this node and live members gossip, for a node that joins: at most `max`, this node first. */
  contacts(max: number): string[] {
    return [contactOf(this.#state.description.facts), ...this.#state.liveContacts(max)].slice(0, max).map(
      formatContact,
    );
  }

  /** The cluster's keys, for a node that joins over an authenticated stream. */
  keys(): Uint8Array {
    return encodeKeys(this.#state.keys());
  }

  stats(): GossipStats {
    return {
      membership: this.#state.membership.stats,
      catalog: this.#state.catalog.stats,
      refusals: this.#state.seal.refusals,
      dropped: this.#socket.dropped,
      exchanges: this.#calls.exchanges,
      exchangesFailed: this.#calls.exchangesFailed,
    };
  }

  /** Publishes an instance of this node, or what has changed of it. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
  publish(entry: OwnEntry): void {
    this.#state.publish(entry);
    this.#schedule();
  }

  /** Takes an instance of this node away. */
  withdraw(service: string, instance: string): void {
    this.#state.withdraw(service, instance);
    this.#schedule();
  }

  /** This node's addresses, its certificate or something else of its record have changed. Throws INVALID_ARGUMENT. */
  describe(facts: Partial<Omit<NodeFacts, "gossipPort">>, identity?: NodeIdentity): void {
    this.#state.describe(facts, identity);
    // The group is joined anew on interfaces that have another address.
    if (facts.addresses !== undefined) this.#lan?.hurry();
    this.#schedule();
  }

  /**
   * Shuts a node out of the cluster, with what the authority signed (`Authority.revoke`): it is forgotten everywhere, and
   * datagrams are sealed under a key that it does not know. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED.
   */
  revoke(revocation: Uint8Array): void {
    this.#state.revoke(revocation);
    this.#schedule();
  }

  /** Gets in touch with nodes at HOST:PORT or HOST:PORT/NODEPORT. Throws INVALID_ARGUMENT for what is neither. */
  contact(contacts: readonly string[]): void {
    const [wrong] = this.#knocker.knockAt(contacts);
    if (wrong === undefined) return;
    throw new CellError("INVALID_ARGUMENT", `looking for a node: expected HOST:PORT, found ${JSON.stringify(wrong)}`);
  }

  /** The first request of an exchange, for `answerExchange` on another node. */
  beginExchange(): Uint8Array {
    return this.#exchanger.begin();
  }

  /**
   * Answers a request of the node `caller`, which came over an authenticated stream. Throws INVALID_ARGUMENT,
   * RESOURCE_EXHAUSTED, and UNAVAILABLE after `stop`.
   */
  answerExchange(request: Uint8Array, caller: NodeId): Uint8Array {
    if (this.#isStopped) throw new CellError("UNAVAILABLE", "exchanging what is known: this node has left the cluster");
    const answer = this.#exchanger.answer(request, caller, this.#options.clocks.steadyMs());
    this.#schedule();
    return answer;
  }

  /** Takes an answer. The next request, or undefined when all is said. Throws INVALID_ARGUMENT. */
  finishExchange(answer: Uint8Array): Uint8Array | undefined {
    const next = this.#exchanger.finish(answer);
    this.#schedule();
    return next;
  }

  /** Says goodbye to the others, then stops. Resolves when enough of them heard it, after 3 seconds at the latest. */
  async leave(): Promise<void> {
    if (this.#isStopped) return;
    if (this.#left === undefined) {
      this.#left = Promise.withResolvers();
      this.#leaveUntilMs = this.#options.clocks.steadyMs() + LEAVE_MS_MAX;
      this.#state.leave();
      this.#tick();
    }
    await this.#left.promise;
  }

  /** Stops at once: to the others this node has failed. Nothing of it is left in this process. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#alarm.stop();
    this.#calls.stop();
    this.#state.stop();
    this.#knocker.stop();
    this.#lan?.close();
    this.#socket.close();
    this.#left?.resolve();
  }

  async #begin(multicast: MulticastOptions | undefined): Promise<void> {
    if (multicast !== undefined) this.#lan = await this.#openLan(multicast);
    this.#tick();
  }

  async #openLan(multicast: MulticastOptions): Promise<Lan> {
    const { clocks, random, events, joinAddresses, seekKeys } = this.#options;
    return await Lan.open({
      multicast,
      seekKeys,
      addresses: joinAddresses,
      onDatagram: (datagram, from) => {
        const isOurs = this.#inbox.onMulticast(datagram, from);
        this.#schedule();
        return isOurs;
      },
      onProblem: (problem) =>
        events.log(`nodes on the local network are not found by themselves: ${problem}. Give seeds; all else works.`),
      random,
      nowMs: clocks.steadyMs,
    });
  }

  #onDatagram(datagram: Uint8Array, from: string): void {
    if (this.#isStopped) return;
    this.#inbox.onDatagram(datagram, from);
    this.#schedule();
  }

  #greet({ kind, heard }: Greeting): void {
    const { record, from, isMulticast } = heard;
    if (kind === "connect") return this.#calls.exchange(targetOf(record, from.host));
    // What was sent to all came from a socket that only sends.
    this.#outbox.sayHello(isMulticast ? { host: from.host, port: record.gossipPort } : from, false);
  }

  #probe(id: NodeId, target: StreamTarget, timeoutMs: number): void {
    this.#calls.probe(target, timeoutMs, (isReached) => {
      this.#state.onProbed(id, isReached);
      this.#schedule();
    });
  }

  /** Does what is due, then waits for what is next. */
  #tick(): void {
    const steadyMs = this.#options.clocks.steadyMs();
    this.#state.tick();
    // Whoever was told of something by that may have stopped this node.
    if (this.#isStopped) return;
    if (this.#left !== undefined) {
      if (steadyMs >= this.#leavesAtMs) return this.stop();
    } else {
      for (const greeting of this.#greeter.take(steadyMs)) this.#greet(greeting);
      if (this.#lan !== undefined && steadyMs >= this.#lan.nextHelloAtMs) {
        this.#lan.sayHello(this.#outbox.helloToAll(), this.#isAlone);
      }
      if (steadyMs >= this.#knocker.nextAtMs) this.#knocker.knockAround();
    }
    this.#schedule();
  }

  #schedule(): void {
    const others = this.#left === undefined
      ? Math.min(this.#greeter.nextAtMs, this.#lan?.nextHelloAtMs ?? Infinity, this.#knocker.nextAtMs)
      : this.#leavesAtMs;
    this.#alarm.setFor(Math.min(this.#state.nextAtMs, others));
  }

  /**
   * When a node that has said goodbye ends. An answer to somebody may have been the last telling that was needed. Whoever is
   * being met may know this node already, and hears of it when the exchange is over.
   */
  get #leavesAtMs(): number {
    return this.#state.membership.hasLeft && !this.#calls.isExchanging ? -Infinity : this.#leaveUntilMs;
  }

  get #isAlone(): boolean {
    return this.#state.membership.live <= 1;
  }

  #isMemberAt(address: string): boolean {
    const id = this.#state.routes.memberAt(address);
    if (id !== undefined) return this.#state.membership.member(id)?.state === "alive";
    const { addresses, gossipPort } = this.#state.description.facts;
    return addresses.some((host) => formatAddress({ host, port: gossipPort }) === address);
  }

  /** Members have changed: once after many changes at a time. */
  #noteMembers(): void {
    if (this.#isNoting) return;
    this.#isNoting = true;
    queueMicrotask(() => {
      this.#isNoting = false;
      if (!this.#isStopped) this.#rememberMembers();
    });
  }

  #rememberMembers(): void {
    const { book } = this.#knocker;
    if (book.meet(this.#state.liveContacts(REMEMBERED_MAX))) this.#options.events.onContacts?.(book.remembered());
    if (!this.#isAlone) return;
    this.#knocker.hurry();
    this.#lan?.hurry();
    this.#schedule();
  }
}
