import { CellError, errorCode, MINUTE, SECOND } from "../base/mod.ts";
import { type NodeId, type NodeIdentity, shortId } from "../net/identity/mod.ts";
import type { Catalog, CatalogStats, OwnEntry } from "./catalog/mod.ts";
import type { MembershipStats } from "./core/mod.ts";
import { type Contact, formatContact, parseContact } from "./contact.ts";
import { ContactBook, knockDelayMs } from "./contact_book.ts";
import { Cooldown } from "./cooldown.ts";
import { type MulticastOptions, validateMulticast } from "./discovery/mod.ts";
import { Exchanger } from "./exchanger.ts";
import { ExchangeRunner } from "./exchange_runner.ts";
import {
  type ClusterMember,
  type GOSSIP_DEFAULTS,
  GOSSIP_PORT,
  type GossipOptions,
  validateGossip,
} from "./gossip_options.ts";
import { GossipState } from "./gossip_state.ts";
import { Greeter, type Greeting } from "./greeter.ts";
import { decodeHello, encodeHello } from "./hello_payload.ts";
import { encodeKeys } from "./key_keeper.ts";
import { Lan } from "./lan.ts";
import type { NodeFacts } from "./node_record.ts";
import { Resolver } from "./resolver.ts";
import { type DatagramHeader, DatagramKind, type Refusal, type RefusedDatagram } from "./seal/mod.ts";
import { formatAddress, parseAddress, type SocketAddress } from "./socket_address.ts";
import { type StreamTarget, targetOf } from "./stream_target.ts";
import { UdpSocket } from "./udp_socket.ts";

/** The longest time without a look at what is due. */
const TIMER_MS_MAX = 30 * SECOND;
/** Members are told of a departure for this long at most. */
const LEAVE_MS_MAX = 3 * SECOND;
/** How often keys are fetched from one node that seals under an unknown one: its address may be forged. */
const FETCH_KEYS_MS = 10 * SECOND;
const FETCHES_KEPT_MAX = 1024;
/** Addresses of one name that are knocked at. */
const KNOCKS_PER_NAME_MAX = 4;
/** Rounds of knocking before a stream is tried where nobody answers a datagram: keys may have changed while we were away. */
const PATIENT_KNOCKS = 2;

/** What has been counted since the start. */
export interface GossipStats {
  readonly membership: MembershipStats;
  readonly catalog: CatalogStats;
  /** Datagrams that were not used, by reason. */
  readonly refusals: Readonly<Record<Refusal, number>>;
  /** Datagrams that could not be sent. */
  readonly dropped: number;
  readonly exchanges: number;
  readonly exchangesFailed: number;
}

/** This machine as a member of a cluster: one UDP socket, the timers, and everything in this room behind them. */
export class GossipNode {
  readonly #options: GossipOptions & typeof GOSSIP_DEFAULTS;
  readonly #socket: UdpSocket;
  readonly #resolver: Resolver;
  readonly #state: GossipState;
  readonly #exchanger: Exchanger;
  readonly #runner: ExchangeRunner;
  readonly #greeter: Greeter;
  readonly #contacts: ContactBook;
  readonly #fetches = new Cooldown(FETCH_KEYS_MS, FETCHES_KEPT_MAX);
  #lan: Lan | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  #knockAtMs: number;
  #knocks = 0;
  #isStopped = false;
  #isNoting = false;
  #left: PromiseWithResolvers<void> | undefined;
  #leaveUntilMs = Infinity;
  #exchanges = 0;
  #exchangesFailed = 0;

  private constructor(options: GossipOptions & typeof GOSSIP_DEFAULTS, socket: UdpSocket, resolver: Resolver) {
    this.#options = options;
    this.#socket = socket;
    this.#resolver = resolver;
    const steadyMs = options.clocks.steadyMs();
    this.#state = new GossipState(options, socket.port, {
      send: (to, packet) => this.#send(to, DatagramKind.MEMBERSHIP, packet),
      exchange: (target) => this.#exchange(target),
      probe: (id, target, timeoutMs) => this.#probe(id, target, timeoutMs),
      onChanged: () => this.#noteMembers(),
    });
    this.#exchanger = new Exchanger(this.#state, steadyMs);
    this.#runner = new ExchangeRunner(this.#exchanger, options.streams);
    this.#greeter = new Greeter((record) => this.#state.isKnown(record), options.random);
    this.#contacts = new ContactBook(options.seeds, options.remembered);
    this.#knockAtMs = steadyMs;
  }

  /**
   * Begins to gossip. Throws INVALID_ARGUMENT for options out of their bounds, UNAVAILABLE when the port cannot be listened
   * at.
   */
  static async start(given: GossipOptions): Promise<GossipNode> {
    const options = validateGossip(given);
    const multicast = options.multicast === false ? undefined : validateMulticast(options.multicast);
    const resolver = new Resolver(options.clocks.steadyMs);
    // Nothing is delivered before this function's caller had its turn, and the node is there then.
    let node: GossipNode | undefined;
    const onDatagram = (datagram: Uint8Array, from: string) => {
      if (node !== undefined) node.#onDatagram(datagram, from);
    };
    const socket = await openSocket(options, { host: options.host, onDatagram, resolver });
    socket.unref();
    try {
      node = new GossipNode(options, socket, resolver);
      await node.#begin(multicast);
      return node;
    } catch (error) {
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
  get catalog(): Pick<Catalog, "services" | "entries" | "holdersOf" | "all" | "revision"> {
    return this.#state.catalog;
  }

  /** All members that are remembered, this node first, failed and left ones too. */
  members(): ClusterMember[] {
    return this.#state.members();
  }

  member(id: NodeId): ClusterMember | undefined {
    return this.#state.member(id);
  }

  /** Where live members and this node gossip, for a node that joins: at most `max`, this node first. */
  contacts(max: number): string[] {
    return [this.#ownContact(), ...this.#liveContacts()].slice(0, max).map(formatContact);
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
      exchanges: this.#exchanges,
      exchangesFailed: this.#exchangesFailed,
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
    for (const text of contacts) {
      const contact = parseContact(text);
      if (contact === undefined) {
        throw new CellError(
          "INVALID_ARGUMENT",
          `looking for a node: expected HOST:PORT, found ${JSON.stringify(text)}`,
        );
      }
      void this.#knock(contact);
    }
  }

  /** The first request of an exchange, for `answerExchange` on another node. */
  beginExchange(): Uint8Array {
    return this.#exchanger.begin();
  }

  /** Answers another node's request, which came over an authenticated stream. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE. */
  answerExchange(request: Uint8Array): Uint8Array {
    if (this.#isStopped) throw new CellError("UNAVAILABLE", "exchanging what is known: this node has left the cluster");
    const answer = this.#exchanger.answer(request, this.#options.clocks.steadyMs());
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
    clearTimeout(this.#timer);
    this.#runner.stop();
    this.#lan?.close();
    this.#socket.close();
    this.#left?.resolve();
  }

  async #begin(multicast: MulticastOptions | undefined): Promise<void> {
    if (multicast !== undefined) {
      const { clocks, random, events, joinAddresses, seekKeys } = this.#options;
      this.#lan = await Lan.open({
        multicast,
        seekKeys,
        addresses: joinAddresses,
        onDatagram: (datagram, from) => this.#onMulticast(datagram, from),
        onProblem: (problem) =>
          events.log(`nodes on the local network are not found by themselves: ${problem}. Give seeds; all else works.`),
        random,
        nowMs: clocks.steadyMs,
      });
    }
    this.#tick();
  }

  #send(to: string, kind: DatagramKind, payload: Uint8Array): void {
    const datagram = this.#state.seal.seal(kind, payload, this.#options.clocks.wallMs());
    if (datagram !== undefined) this.#socket.send(to, datagram);
  }

  #onDatagram(datagram: Uint8Array, from: string): void {
    if (this.#isStopped) return;
    const opened = this.#state.seal.open(datagram, this.#options.clocks.wallMs());
    if ("refused" in opened) return this.#onRefused(opened, from);
    const { header: { sender, kind }, payload } = opened;
    if (this.#options.revocations.has(sender)) return;
    this.#state.routes.heard(sender, from);
    if (kind === DatagramKind.HELLO) this.#onHello(sender, payload, from, false);
    else this.#state.receive(sender, from, payload);
    this.#schedule();
  }

  #onMulticast(datagram: Uint8Array, from: string): boolean {
    const opened = this.#state.seal.open(datagram, this.#options.clocks.wallMs());
    if ("refused" in opened) return opened.refused !== "unknown_key" && opened.refused !== "length";
    const { header: { sender, kind }, payload } = opened;
    if (kind === DatagramKind.HELLO && !this.#options.revocations.has(sender)) {
      this.#onHello(sender, payload, from, true);
      this.#schedule();
    }
    return true;
  }

  #onRefused({ refused, header }: RefusedDatagram, from: string): void {
    if (refused === "unknown_key") return this.#fetchKeys(from);
    if (header === undefined) return;
    const { clocks } = this.#options;
    const name = shortId(header.sender);
    if (refused === "clock_skew") {
      this.#state.quietLog.say("clock skew", clocks.steadyMs(), () => skewLine(name, from, header, clocks.wallMs()));
    } else if (refused === "flood") {
      this.#state.quietLog.say(
        `flood ${name}`,
        clocks.steadyMs(),
        () => `node ${name} at ${from} sends more datagrams than a node does; some are dropped`,
      );
    }
  }

  /** A member seals under a key that is not known here. Or somebody uses its address: hence seldom. */
  #fetchKeys(from: string): void {
    const id = this.#state.routes.memberAt(from);
    const target = id === undefined ? undefined : this.#state.target(id);
    if (target !== undefined && this.#fetches.pass(id!, this.#options.clocks.steadyMs())) this.#exchange(target);
  }

  #onHello(sender: NodeId, payload: Uint8Array, from: string, isMulticast: boolean): void {
    const { clocks } = this.#options;
    const hello = decodeHello(payload);
    const source = parseAddress(from);
    if (hello === undefined || source === undefined) return;
    const record = this.#state.book.read(sender, hello.record, clocks.wallMs());
    if (record === undefined) return;
    const { wantsAnswer } = hello;
    const { live } = this.#state.membership;
    this.#greeter.hear({ record, from: source, wantsAnswer, isMulticast }, live, clocks.steadyMs());
  }

  #greet({ kind, heard }: Greeting): void {
    const { record, from, isMulticast } = heard;
    if (kind === "connect") return this.#exchange(targetOf(record, from.host));
    // What was sent to all came from a socket that only sends.
    this.#sayHello(isMulticast ? { host: from.host, port: record.gossipPort } : from, false);
  }

  #sayHello(to: SocketAddress, wantsAnswer: boolean): void {
    this.#send(formatAddress(to), DatagramKind.HELLO, encodeHello({ wantsAnswer, record: this.#state.record }));
  }

  #exchange(target: StreamTarget): void {
    this.#exchanges++;
    this.#runner.run(target).then(() => this.#schedule(), (error: unknown) => {
      if (this.#isStopped) return;
      this.#exchangesFailed++;
      const name = target.node === undefined ? `${target.hosts[0]}:${target.nodePort}` : `node ${shortId(target.node)}`;
      this.#state.quietLog.say(
        `exchange ${name}`,
        this.#options.clocks.steadyMs(),
        () => `exchanging what is known with ${name} failed: ${(error as Error).message}`,
      );
    });
  }

  #probe(id: NodeId, target: StreamTarget, timeoutMs: number): void {
    const onProbed = (isReached: boolean) => {
      if (this.#isStopped) return;
      this.#state.onProbed(id, isReached);
      this.#schedule();
    };
    this.#options.streams.probe(target, AbortSignal.timeout(timeoutMs)).then(
      () => onProbed(true),
      () => onProbed(false),
    );
  }

  /** Does what is due, then waits for what is next. */
  #tick(): void {
    if (this.#isStopped) return;
    const steadyMs = this.#options.clocks.steadyMs();
    this.#state.tick();
    if (this.#left !== undefined) {
      if (this.#state.membership.hasLeft || steadyMs >= this.#leaveUntilMs) return this.stop();
    } else {
      for (const greeting of this.#greeter.take(steadyMs)) this.#greet(greeting);
      if (this.#lan !== undefined && steadyMs >= this.#lan.nextHelloAtMs) this.#sayHelloToAll(this.#lan);
      if (steadyMs >= this.#knockAtMs) this.#knockAround(steadyMs);
    }
    this.#timerAtMs = Infinity;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const steadyMs = this.#options.clocks.steadyMs();
    const others = this.#left === undefined
      ? Math.min(this.#greeter.nextAtMs, this.#lan?.nextHelloAtMs ?? Infinity, this.#knockAtMs)
      : this.#leaveUntilMs;
    const atMs = Math.min(this.#state.nextAtMs, others, steadyMs + TIMER_MS_MAX);
    if (atMs >= this.#timerAtMs) return;
    this.#timerAtMs = atMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), Math.max(Math.ceil(atMs - steadyMs), 0));
    this.#timer.unref();
  }

  #sayHelloToAll(lan: Lan): void {
    const payload = encodeHello({ wantsAnswer: true, record: this.#state.record });
    lan.sayHello(this.#state.seal.seal(DatagramKind.HELLO, payload, this.#options.clocks.wallMs()), this.#isAlone);
  }

  get #isAlone(): boolean {
    return this.#state.membership.live <= 1;
  }

  #knockAround(steadyMs: number): void {
    const isAlone = this.#isAlone;
    this.#knocks++;
    this.#knockAtMs = steadyMs + knockDelayMs(this.#knocks, isAlone, this.#options.random());
    for (const contact of this.#contacts.contacts(isAlone)) void this.#knock(contact);
  }

  /** Says hello to a node of which an address is known, unless it is a member or this node itself. */
  async #knock({ gossip, nodePort }: Contact): Promise<void> {
    const hosts = (await this.#resolver.fresh(gossip.host)).slice(0, KNOCKS_PER_NAME_MAX);
    for (const host of hosts) {
      const address = { host, port: gossip.port };
      const text = formatAddress(address);
      const known = this.#state.routes.memberAt(text);
      const isMember = known !== undefined && this.#state.membership.member(known)?.state === "alive";
      if (this.#isStopped || isMember || text === formatAddress(this.#ownContact().gossip)) continue;
      this.#sayHello(address, true);
      const isImpatient = this.#isAlone && (this.#knocks > PATIENT_KNOCKS || !this.#hasKey);
      if (isImpatient && nodePort !== undefined) {
        this.#exchange({ node: undefined, hosts: [host], nodePort, tlsPort: nodePort });
      }
    }
  }

  get #hasKey(): boolean {
    return this.#state.ring.newestAtMs !== undefined;
  }

  /** Once after many changes at a time. */
  #noteMembers(): void {
    if (this.#isNoting) return;
    this.#isNoting = true;
    queueMicrotask(() => {
      this.#isNoting = false;
      if (!this.#isStopped) this.#rememberMembers();
    });
  }

  #rememberMembers(): void {
    const isNews = this.#contacts.meet(this.#liveContacts());
    if (isNews) this.#options.events.onContacts?.(this.#contacts.remembered());
    if (!this.#isAlone) return;
    this.#knocks = 0;
    this.#knockAtMs = this.#options.clocks.steadyMs();
    this.#lan?.hurry();
    this.#schedule();
  }

  #ownContact(): Contact {
    return contactOf(this.#state.facts);
  }

  #liveContacts(): Contact[] {
    return this.#state.members().filter((member) =>
      !member.isSelf && (member.state === "alive" || member.state === "suspect")
    ).map(({ record }) => contactOf(record));
  }
}

function contactOf({ addresses, gossipPort, nodePort }: NodeFacts): Contact {
  return { gossip: { host: addresses[0]!, port: gossipPort }, nodePort: nodePort === 0 ? undefined : nodePort };
}

/** The port that was asked for, or the usual one, or where that is taken any. */
async function openSocket(
  { port }: GossipOptions,
  where: Omit<Parameters<typeof UdpSocket.open>[0], "port">,
): Promise<UdpSocket> {
  if (port !== undefined) return await UdpSocket.open({ ...where, port });
  try {
    return await UdpSocket.open({ ...where, port: GOSSIP_PORT });
  } catch (error) {
    if (errorCode((error as Error).cause) !== "EADDRINUSE") throw error;
    return await UdpSocket.open({ ...where, port: 0 });
  }
}

function skewLine(name: string, from: string, { clockMs }: DatagramHeader, wallMs: number): string {
  const minutes = Math.round(Math.abs(clockMs - wallMs) / MINUTE);
  const direction = clockMs > wallMs ? "ahead of" : "behind";
  return `clock skew: the clock of node ${name} at ${from} is ${minutes} min ${direction} this one's, and 10 min are tolerated; ` +
    "what it says is ignored. Set the clocks of both machines, for example with timedatectl set-ntp true.";
}
