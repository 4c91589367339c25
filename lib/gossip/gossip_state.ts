import { SECOND } from "../base/mod.ts";
import { type NodeId, type NodeIdentity, REVOCATION_BYTES, shortId, verifyNodeSignature } from "../net/identity/mod.ts";
import { catalogPayload, keyPayload, readPayload } from "./broadcast_payload.ts";
import { Catalog, hasMore, type Item, type OwnEntry } from "./catalog/mod.ts";
import { ClockSkews } from "./clock_skew.ts";
import { ClusterKeys } from "./cluster_keys.ts";
import { type Contact, contactOf } from "./contact.ts";
import { Cooldown } from "./cooldown.ts";
import { type Change, type Effect, isLive, Membership, type MemberView, type RecordFacts } from "./core/mod.ts";
import type { ExchangeState } from "./exchanger.ts";
import type { ClusterMember, ValidGossipOptions } from "./gossip_options.ts";
import { decodeKeys } from "./key_keeper.ts";
import type { NodeFacts, NodeRecord } from "./node_record.ts";
import { QuietLog } from "./quiet_log.ts";
import { RecordBook } from "./record_book.ts";
import { Routes } from "./routes.ts";
import { type ClusterKey, DatagramSeal, PAYLOAD_BYTES_MAX } from "./seal/mod.ts";
import { SelfDescription } from "./self_description.ts";
import { ServiceNews } from "./service_news.ts";
import { ShuttingOut } from "./shutting_out.ts";
import { formatAddress } from "./socket_address.ts";
import { type StreamTarget, targetOf } from "./stream_target.ts";

/** How often a node that is held for gone, and speaks, is told so. */
const TELL_GONE_MS = 1 * SECOND;
const TOLD_GONE_KEPT_MAX = 256;

/** What only the driver can do. */
export interface Hands {
  /** Sends a packet of membership to an address, sealed. */
  send(to: string, packet: Uint8Array): void;
  /** Exchanges everything with this node. */
  exchange(target: StreamTarget): void;
  /** Tries to reach a member over a stream, and tells `onProbed`. */
  probe(id: NodeId, target: StreamTarget, timeoutMs: number): void;
  /** Members have changed. */
  onChanged(): void;
}

/**
 * All that a node knows, and what it makes of what comes: membership, catalogue, keys, revocations and records, each of which
 * has its own file or room, tied together. Does no I/O but through `Hands`, `events` and the clocks.
 */
export class GossipState implements ExchangeState {
  readonly self: NodeId;
  readonly membership: Membership;
  readonly catalog: Catalog;
  readonly keyring: ClusterKeys;
  readonly seal: DatagramSeal;
  readonly book: RecordBook;
  readonly description: SelfDescription;
  readonly routes = new Routes();
  readonly skews = new ClockSkews();
  readonly quietLog: QuietLog;
  /** Whose packet is being looked at. */
  #sender: NodeId | undefined;
  readonly #news: ServiceNews;
  readonly #toldGone = new Cooldown(TELL_GONE_MS, TOLD_GONE_KEPT_MAX);
  readonly #shuttingOut: ShuttingOut;

  constructor(private readonly options: ValidGossipOptions, gossipPort: number, private readonly hands: Hands) {
    const { identity, revocations, events, random, keyRing } = options;
    const [wallMs, steadyMs] = this.#now();
    this.#news = new ServiceNews((service) => events.onCatalog?.(service));
    this.self = identity.nodeId;
    this.description = new SelfDescription(identity, { ...options.facts, gossipPort });
    this.quietLog = new QuietLog((line) => events.log(line));
    this.book = new RecordBook({ ...identity.trust, isRevoked: (node) => revocations.has(node) });
    const keys = {
      kept: decodeKeys(options.keys),
      waits: options.waitsForKeys,
      keyRing,
      random,
      announce: (key: ClusterKey) => this.#broadcast("key", keyPayload(key)),
      onKeys: (bytes: Uint8Array) => events.onKeys?.(bytes),
    };
    this.keyring = new ClusterKeys(keys, wallMs, steadyMs);
    const shutOutHands = {
      forget: (node: NodeId) => this.#shutOut(node),
      broadcast: (key: string, payload: Uint8Array) => this.#broadcast(key, payload),
    };
    this.#shuttingOut = new ShuttingOut(
      revocations,
      identity.trust.authority.publicKey,
      this.keyring,
      events,
      shutOutHands,
      wallMs,
    );
    this.seal = new DatagramSeal(this.self, this.keyring.ring, wallMs);
    this.membership = new Membership(
      { id: this.self, record: (incarnation) => this.description.sign(incarnation) },
      { ...options.membership, packetBytesMax: PAYLOAD_BYTES_MAX },
      random,
      (id, incarnation, record) => this.#readRecord(id, incarnation, record),
      steadyMs,
      Math.floor(wallMs / 1000),
    );
    this.catalog = new Catalog({
      self: this.self,
      sign: (bytes) => this.description.identity.sign(bytes),
      verify: (node, bytes, signature) => this.#isSigned(node, bytes, signature),
      firstVersion: wallMs,
      options: options.catalog,
      onChange: (service) => this.#news.note(service),
    });
  }

  /** When `tick` wants to be called, by the steady clock. */
  get nextAtMs(): number {
    const [wallMs, steadyMs] = this.#now();
    const catalogAtMs = steadyMs + Math.max(this.catalog.nextAtMs - wallMs, 0);
    return Math.min(this.membership.nextAtMs, catalogAtMs, this.keyring.checkAtMs);
  }

  /** Does what is due. */
  tick(): void {
    const [wallMs, steadyMs] = this.#now();
    this.#apply(this.membership.tick(steadyMs));
    this.#tell(this.catalog.tick(wallMs));
    for (const { message } of this.catalog.takeReports()) this.options.events.log(message);
    if (steadyMs >= this.keyring.checkAtMs) this.#checkKeys(wallMs, steadyMs);
  }

  /** A packet of membership that `sender` has sealed. */
  receive(sender: NodeId, from: string, packet: Uint8Array): void {
    this.#sender = sender;
    this.#apply(this.membership.receive(from, packet, this.options.clocks.steadyMs()));
    this.#sender = undefined;
    const member = this.membership.member(sender);
    const { steadyMs } = this.options.clocks;
    if (member === undefined || isLive(member) || !this.#toldGone.pass(sender, steadyMs())) return;
    this.#apply(this.membership.hasSpoken(sender, from, steadyMs()));
  }

  onProbed(id: NodeId, isReached: boolean): void {
    this.membership.onProbeStream(id, isReached, this.options.clocks.steadyMs());
  }

  /** Publishes an instance of this node. Throws as `Catalog.put` does. */
  publish(entry: OwnEntry): void {
    this.#tell(this.catalog.put(entry, this.options.clocks.wallMs()));
  }

  withdraw(service: string, instance: string): void {
    this.#tell(this.catalog.remove(service, instance, this.options.clocks.wallMs()));
  }

  /** This node has something else to say of itself. Throws INVALID_ARGUMENT for what others would not take. */
  describe(facts: Partial<NodeFacts>, identity?: NodeIdentity): void {
    this.description.change(facts, identity);
    this.#apply(this.membership.updateSelf(this.options.clocks.steadyMs()));
  }

  /** The owner is told of no service any more. */
  stop(): void {
    this.#news.stop();
  }

  leave(): void {
    this.#apply(this.membership.leave(this.options.clocks.steadyMs()));
  }

  /** Shuts a node out, with a revocation that was decided here. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
  revoke(bytes: Uint8Array): void {
    this.#shuttingOut.revoke(bytes, this.options.clocks.wallMs());
  }

  /** All members that are remembered, this node first. */
  members(): ClusterMember[] {
    return this.membership.members().flatMap((view) => this.#memberOf(view) ?? []);
  }

  member(id: NodeId): ClusterMember | undefined {
    const view = this.membership.member(id);
    return view === undefined ? undefined : this.#memberOf(view);
  }

  /** Where live members gossip, at most `max`: those that were met last, the last one at the end. */
  liveContacts(max: number): Contact[] {
    return this.membership.newestLive(max).reverse().flatMap((id) => {
      const record = this.book.of(id);
      return record === undefined ? [] : [contactOf(record)];
    });
  }

  /** Whether this statement of a node, or a later one, is that of a live member. */
  isKnown({ nodeId, incarnation }: NodeRecord): boolean {
    const member = this.membership.member(nodeId);
    return member !== undefined && isLive(member) && member.incarnation >= incarnation;
  }

  /** How another node is reached over a stream; undefined for one of which no record was read. */
  target(id: NodeId): StreamTarget | undefined {
    const record = this.book.of(id);
    return record === undefined || id === this.self ? undefined : targetOf(record);
  }

  isRevoked(node: NodeId): boolean {
    return this.options.revocations.has(node);
  }

  /** The authority's word that a node was revoked. */
  revocationOf(node: NodeId): Uint8Array | undefined {
    return this.options.revocations.bytesOf(node);
  }

  keys(): readonly ClusterKey[] {
    return this.keyring.ring.keys(this.options.clocks.wallMs());
  }

  takeKeys(keys: readonly ClusterKey[]): void {
    this.keyring.take(keys, this.options.clocks.wallMs());
  }

  revocations(): Uint8Array {
    return this.options.revocations.encode();
  }

  takeRevocations(bytes: Uint8Array): void {
    this.#shuttingOut.take(bytes, this.options.clocks.wallMs());
  }

  membershipDigest(): Uint8Array {
    return this.membership.digest();
  }

  membershipState(): Uint8Array {
    return this.membership.state();
  }

  takeMembership(state: Uint8Array): void {
    this.#apply(this.membership.merge(state, this.options.clocks.steadyMs()));
  }

  catalogDigest(): Uint8Array {
    return this.catalog.digest();
  }

  catalogDiff(message: Uint8Array): Uint8Array {
    return this.catalog.diff(message);
  }

  catalogHasMore(message: Uint8Array): boolean {
    return hasMore(message);
  }

  takeCatalog(message: Uint8Array): void {
    this.#tell(this.catalog.merge(message, this.options.clocks.wallMs()));
  }

  #now(): [wallMs: number, steadyMs: number] {
    const { clocks } = this.options;
    return [clocks.wallMs(), clocks.steadyMs()];
  }

  #readRecord(id: NodeId, incarnation: number, bytes: Uint8Array): RecordFacts | undefined {
    // Not even an expired certificate keeps this node from knowing itself.
    if (id === this.self && bytes === this.description.record) return addressOf(this.description.facts);
    const record = this.book.read(id, bytes, this.options.clocks.wallMs());
    if (record?.incarnation === incarnation) return addressOf(record);
    const why = () => `the record of node ${shortId(id)} is refused: ${this.book.lastRefusal}`;
    if (record === undefined) this.quietLog.say(`record ${id}`, this.options.clocks.steadyMs(), why);
    return undefined;
  }

  #isSigned(node: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean {
    const { publicKey } = this.description.identity;
    if (node === this.self) return verifyNodeSignature(publicKey, bytes, signature);
    return !this.isRevoked(node) && this.book.isSignedBy(node, bytes, signature);
  }

  #memberOf({ id, state, sinceMs, incarnation }: MemberView): ClusterMember | undefined {
    const isSelf = id === this.self;
    const record = isSelf ? this.description.at(incarnation) : this.book.of(id);
    return record === undefined ? undefined : { id, state, isSelf, record, sinceMs };
  }

  #apply(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        return this.hands.send(this.routes.resolve(effect.to), effect.packet);
      case "push_pull":
        return this.#withTarget(effect.with, (target) => this.hands.exchange(target));
      case "probe_stream":
        return this.#withTarget(effect.id, (target) => this.hands.probe(effect.id, target, effect.timeoutMs));
      case "change":
        return this.#changed(effect.change, effect.member);
      case "broadcast":
        return this.#heard(effect.payload);
      case "conflict":
        return this.quietLog.say(
          `conflict ${effect.id}`,
          this.options.clocks.steadyMs(),
          () =>
            `node ${shortId(effect.id)} is at ${
              effect.addresses.join(" and at ")
            } at once: its key was copied. Stop one of ` +
            "them, and let it join as a node of its own.",
        );
    }
  }

  #withTarget(id: NodeId | undefined, act: (target: StreamTarget) => void): void {
    const target = id === undefined ? undefined : this.target(id);
    if (target !== undefined) act(target);
  }

  #changed(change: Change, view: MemberView): void {
    const { id } = view;
    const member = this.#memberOf(view);
    const record = this.book.of(id);
    if (record !== undefined) this.routes.set(id, record.addresses, record.gossipPort);
    this.#follow(change, id, isLive(view));
    if (member !== undefined) this.options.events.onMember?.(change, member);
    this.hands.onChanged();
  }

  /** What a change of a member means for the rest. */
  #follow(change: Change, id: NodeId, isMemberLive: boolean): void {
    const [wallMs] = this.#now();
    switch (change) {
      case "joined":
      case "alive_again":
      case "updated":
        return isMemberLive ? this.catalog.nodeJoined(id, wallMs) : undefined;
      case "suspected":
        return this.routes.unanswered(id, this.options.clocks.steadyMs());
      case "failed":
        return this.catalog.nodeFailed(id, wallMs);
      case "left":
        return this.catalog.nodeLeft(id, wallMs);
      case "removed":
        return this.#forget(id, wallMs);
    }
  }

  #forget(id: NodeId, wallMs: number): void {
    this.catalog.nodeRemoved(id, wallMs);
    this.routes.delete(id);
    this.book.forget(id);
  }

  #heard(payload: Uint8Array): void {
    const [wallMs] = this.#now();
    const read = readPayload(payload);
    if (read?.kind === "catalog") this.#tell(this.catalog.receive(read.record, wallMs));
    if (read?.kind === "revocation" && read.bytes.length === REVOCATION_BYTES) this.takeRevocations(read.bytes);
    const isNewKey = read?.kind === "key" && this.keyring.ring.lacks(read, wallMs);
    // Who tells of a key has it, and is nearer than whoever made it.
    if (isNewKey) this.#withTarget(this.#sender, (target) => this.hands.exchange(target));
  }

  #tell(items: readonly Item[]): void {
    for (const { key, payload } of items) this.#broadcast(`catalog ${key}`, catalogPayload(payload));
  }

  #broadcast(key: string, payload: Uint8Array): void {
    this.membership.broadcast(key, payload, this.options.clocks.steadyMs());
  }

  #shutOut(node: NodeId): void {
    const [wallMs, steadyMs] = this.#now();
    this.#apply(this.membership.remove(node, steadyMs));
    this.#forget(node, wallMs);
  }

  #checkKeys(wallMs: number, steadyMs: number): void {
    const live = this.membership.members().filter(isLive);
    const isFirst = live.every(({ id }) => id >= this.self);
    this.keyring.check({ sealed: this.seal.sealed, live: live.length, isFirst }, wallMs, steadyMs);
  }
}

function addressOf({ addresses, gossipPort }: NodeFacts): RecordFacts {
  return { address: formatAddress({ host: addresses[0]!, port: gossipPort }) };
}
