import {
  type NodeId,
  type NodeIdentity,
  readRevocation,
  type Revocation,
  REVOCATION_BYTES,
  type RevocationSet,
  shortId,
  verifyNodeSignature,
} from "../net/identity/mod.ts";
import { CellError } from "../base/mod.ts";
import { catalogPayload, keyPayload, readPayload, revocationPayload } from "./broadcast_payload.ts";
import { Catalog, type Item, type OwnEntry } from "./catalog/mod.ts";
import { type Change, type Effect, isLive, Membership, type MemberView, type RecordFacts } from "./core/mod.ts";
import type { ExchangeState } from "./exchanger.ts";
import type { ClusterMember, GOSSIP_DEFAULTS, GossipOptions } from "./gossip_options.ts";
import { decodeKeys, encodeKeys, KEY_CHECK_MS, KeyKeeper } from "./key_keeper.ts";
import { encodeRecord, type NodeFacts, type NodeRecord } from "./node_record.ts";
import { QuietLog } from "./quiet_log.ts";
import { RecordBook } from "./record_book.ts";
import { Routes } from "./routes.ts";
import { type ClusterKey, DatagramSeal, KeyRing, PAYLOAD_BYTES_MAX } from "./seal/mod.ts";
import { formatAddress } from "./socket_address.ts";
import { type StreamTarget, targetOf } from "./stream_target.ts";

/** News of revocations in one exchange that are told on at once; the rest goes with further exchanges. */
const REVOCATIONS_TOLD_MAX = 16;

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
 * has its own room, tied together. Does no I/O but through `Hands`, `events` and the clocks.
 */
export class GossipState implements ExchangeState {
  readonly membership: Membership;
  readonly catalog: Catalog;
  readonly ring: KeyRing;
  readonly seal: DatagramSeal;
  readonly routes = new Routes();
  readonly quietLog: QuietLog;
  readonly book: RecordBook;
  readonly self: NodeId;
  #identity: NodeIdentity;
  #facts: NodeFacts;
  #ownRecord: Uint8Array = new Uint8Array(0);
  readonly #revocations: RevocationSet;
  readonly #keeper: KeyKeeper;
  #keysAtMs: number;
  /** Whose packet is being looked at. */
  #sender: NodeId | undefined;
  readonly #changedServices = new Set<string>();

  constructor(
    private readonly options: GossipOptions & typeof GOSSIP_DEFAULTS,
    gossipPort: number,
    private readonly hands: Hands,
  ) {
    const { identity, revocations, events, clocks, random } = options;
    const [wallMs, steadyMs] = [clocks.wallMs(), clocks.steadyMs()];
    this.self = identity.nodeId;
    this.#identity = identity;
    this.#facts = { ...options.facts, gossipPort };
    this.#revocations = revocations;
    this.quietLog = new QuietLog((line) => events.log(line));
    this.book = new RecordBook({ ...identity.trust, isRevoked: (node) => revocations.has(node) });
    this.ring = this.#startRing(wallMs);
    this.seal = new DatagramSeal(this.self, this.ring, wallMs);
    this.#keeper = new KeyKeeper(this.ring, random);
    this.#keysAtMs = steadyMs + KEY_CHECK_MS;
    this.membership = new Membership(
      { id: this.self, record: (incarnation) => this.#makeRecord(incarnation) },
      { ...options.membership, packetBytesMax: PAYLOAD_BYTES_MAX },
      random,
      (id, incarnation, record) => this.#readRecord(id, incarnation, record),
      steadyMs,
      Math.floor(wallMs / 1000),
    );
    this.catalog = new Catalog({
      self: this.self,
      sign: (bytes) => this.#identity.sign(bytes),
      verify: (node, bytes, signature) => this.#isSigned(node, bytes, signature),
      firstVersion: wallMs,
      options: options.catalog,
      onChange: (service) => this.#noteChanged(service),
    });
  }

  get facts(): NodeFacts {
    return this.#facts;
  }

  /** When `tick` wants to be called, by the steady clock. */
  get nextAtMs(): number {
    const { clocks } = this.options;
    const catalogInMs = Math.max(this.catalog.nextAtMs - clocks.wallMs(), 0);
    return Math.min(this.membership.nextAtMs, clocks.steadyMs() + catalogInMs, this.#keysAtMs);
  }

  /** Does what is due. */
  tick(): void {
    const [wallMs, steadyMs] = this.#now();
    this.#apply(this.membership.tick(steadyMs));
    this.#tell(this.catalog.tick(wallMs));
    for (const { message } of this.catalog.takeReports()) this.options.events.log(message);
    if (steadyMs >= this.#keysAtMs) this.#checkKeys(wallMs, steadyMs);
  }

  /** A packet of membership that `sender` has sealed. */
  receive(sender: NodeId, from: string, packet: Uint8Array): void {
    this.#sender = sender;
    this.#apply(this.membership.receive(from, packet, this.options.clocks.steadyMs()));
    this.#sender = undefined;
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
  describe(facts: Partial<NodeFacts>, identity = this.#identity): void {
    const described = { ...this.#facts, ...facts };
    encodeRecord(described, this.membership.incarnation, identity);
    if (identity.nodeId !== this.self || identity.clusterId !== this.#identity.clusterId) {
      throw new CellError(
        "INVALID_ARGUMENT",
        `describing node ${this.self}: the identity is that of node ${identity.nodeId}`,
      );
    }
    this.#facts = described;
    this.#identity = identity;
    this.#apply(this.membership.updateSelf(this.options.clocks.steadyMs()));
  }

  leave(): void {
    this.#apply(this.membership.leave(this.options.clocks.steadyMs()));
  }

  /** Takes a revocation that was decided here, and shuts the node out with a new key. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
  revoke(bytes: Uint8Array): void {
    const [wallMs] = this.#now();
    const revocation = readRevocation(bytes, this.#identity.trust.authority.publicKey);
    if (revocation === undefined) {
      throw new CellError(
        "INVALID_ARGUMENT",
        "revoking a node: the revocation is not signed by this cluster's authority",
      );
    }
    this.#revocations.add(bytes, wallMs);
    this.#shutOut([revocation], bytes);
    this.#rotate(wallMs);
  }

  /** All members that are remembered, this node first. */
  members(): ClusterMember[] {
    return this.membership.members().flatMap((view) => this.#memberOf(view) ?? []);
  }

  member(id: NodeId): ClusterMember | undefined {
    const view = this.membership.member(id);
    return view === undefined ? undefined : this.#memberOf(view);
  }

  /** Whether this statement of a node, or a later one, is that of a live member. */
  isKnown({ nodeId, incarnation }: NodeRecord): boolean {
    const member = this.membership.member(nodeId);
    return member !== undefined && isLive(member) && member.incarnation >= incarnation;
  }

  /** How a member is reached over a stream; undefined for one that is not remembered. */
  target(id: NodeId): StreamTarget | undefined {
    const record = this.book.of(id);
    return record === undefined || id === this.self ? undefined : targetOf(record);
  }

  /** This node's record, as others take it. */
  get record(): Uint8Array {
    return this.#ownRecord;
  }

  isRevoked(node: NodeId): boolean {
    return this.#revocations.has(node);
  }

  keys(): readonly ClusterKey[] {
    return this.ring.keys(this.options.clocks.wallMs());
  }

  takeKeys(keys: readonly ClusterKey[]): void {
    const news = this.ring.merge(keys, this.options.clocks.wallMs());
    if (news.length === 0) return;
    this.#announceKey();
    this.options.events.onKeys?.(encodeKeys(this.keys()));
  }

  revocations(): Uint8Array {
    return this.#revocations.encode();
  }

  takeRevocations(bytes: Uint8Array): void {
    const news = this.#revocations.merge(bytes, this.options.clocks.wallMs());
    if (news.length > 0) this.#shutOut(news, bytes);
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

  takeCatalog(message: Uint8Array): void {
    this.#tell(this.catalog.merge(message, this.options.clocks.wallMs()));
  }

  #now(): [wallMs: number, steadyMs: number] {
    const { clocks } = this.options;
    return [clocks.wallMs(), clocks.steadyMs()];
  }

  #startRing(wallMs: number): KeyRing {
    const ring = new KeyRing(this.options.keyRing);
    ring.restore(decodeKeys(this.options.keys), wallMs);
    if (ring.newestAtMs === undefined && !this.options.waitsForKeys) {
      ring.rotate(wallMs);
      this.options.events.onKeys?.(encodeKeys(ring.keys(wallMs)));
    }
    return ring;
  }

  #makeRecord(incarnation: number): Uint8Array {
    this.#ownRecord = encodeRecord(this.#facts, incarnation, this.#identity);
    return this.#ownRecord;
  }

  #readRecord(id: NodeId, incarnation: number, bytes: Uint8Array): RecordFacts | undefined {
    // Not even an expired certificate keeps this node from knowing itself.
    if (id === this.self && bytes === this.#ownRecord) return addressOf(this.#facts);
    const record = this.book.read(id, bytes, this.options.clocks.wallMs());
    if (record === undefined) {
      this.quietLog.say(
        `record ${id}`,
        this.options.clocks.steadyMs(),
        () => `the record of node ${shortId(id)} is refused: ${this.book.lastRefusal}`,
      );
      return undefined;
    }
    return record.incarnation === incarnation ? addressOf(record) : undefined;
  }

  #isSigned(node: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean {
    if (node === this.self) return verifyNodeSignature(this.#identity.publicKey, bytes, signature);
    return !this.#revocations.has(node) && this.book.isSignedBy(node, bytes, signature);
  }

  #memberOf(view: MemberView): ClusterMember | undefined {
    const { id, state, sinceMs } = view;
    const isSelf = id === this.self;
    const record = isSelf ? this.#describeSelf(view.incarnation) : this.book.of(id);
    return record === undefined ? undefined : { id, state, isSelf, record, sinceMs };
  }

  #describeSelf(incarnation: number): NodeRecord {
    const { nodeId, name, publicKey, certificate } = this.#identity;
    return { ...this.#facts, nodeId, name, publicKey, certificate: certificate.der, incarnation };
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
            } at once: its key was copied. Stop one of them, ` +
            "and let it join as a node of its own.",
        );
    }
  }

  #withTarget(id: NodeId | undefined, act: (target: StreamTarget) => void): void {
    const target = id === undefined ? undefined : this.target(id);
    if (target !== undefined) act(target);
  }

  #changed(change: Change, view: MemberView): void {
    const [wallMs] = this.#now();
    const { id } = view;
    const member = this.#memberOf(view);
    const record = this.book.of(id);
    if (record !== undefined) this.routes.set(id, record.addresses, record.gossipPort);
    switch (change) {
      case "joined":
      case "alive_again":
      case "updated":
        if (isLive(view)) this.catalog.nodeJoined(id, wallMs);
        break;
      case "suspected":
        this.routes.unanswered(id);
        break;
      case "failed":
        this.catalog.nodeFailed(id, wallMs);
        break;
      case "left":
        this.catalog.nodeLeft(id, wallMs);
        break;
      case "removed":
        this.#forget(id, wallMs);
    }
    if (member !== undefined) this.options.events.onMember?.(change, member);
    this.hands.onChanged();
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
    const isNewKey = read?.kind === "key" && this.ring.lacks(read, wallMs);
    // Who tells of a key has it, and is nearer than whoever made it.
    if (isNewKey) this.#withTarget(this.#sender, (target) => this.hands.exchange(target));
  }

  #tell(items: readonly Item[]): void {
    const steadyMs = this.options.clocks.steadyMs();
    for (const { key, payload } of items) {
      this.membership.broadcast(`catalog ${key}`, catalogPayload(payload), steadyMs);
    }
  }

  #noteChanged(service: string): void {
    if (this.#changedServices.size === 0) queueMicrotask(() => this.#tellChanged());
    this.#changedServices.add(service);
  }

  /** Outside of the catalogue's own functions, so that who is told may ask it. */
  #tellChanged(): void {
    const services = [...this.#changedServices];
    this.#changedServices.clear();
    for (const service of services) this.options.events.onCatalog?.(service);
  }

  #shutOut(revocations: readonly Revocation[], bytes: Uint8Array): void {
    const [wallMs, steadyMs] = this.#now();
    this.options.events.onRevocations?.(this.#revocations.encode());
    for (const { node, revokedAtMs } of revocations) {
      this.ring.retire(revokedAtMs, wallMs);
      this.#apply(this.membership.remove(node, steadyMs));
      this.#forget(node, wallMs);
      this.options.events.onRevoked?.(node);
    }
    for (const one of slicesOf(bytes, revocations).slice(0, REVOCATIONS_TOLD_MAX)) {
      this.membership.broadcast(`revocation ${one.node}`, revocationPayload(one.bytes), steadyMs);
    }
  }

  #rotate(wallMs: number): void {
    this.ring.rotate(wallMs);
    this.#announceKey();
    this.options.events.onKeys?.(encodeKeys(this.keys()));
  }

  #announceKey(): void {
    const [newest] = this.keys();
    if (newest === undefined) return;
    this.membership.broadcast("key", keyPayload(newest), this.options.clocks.steadyMs());
  }

  #checkKeys(wallMs: number, steadyMs: number): void {
    this.#keysAtMs = steadyMs + KEY_CHECK_MS;
    const live = this.membership.members().filter(isLive);
    const isFirst = live.every(({ id }) => id >= this.self);
    const use = { sealed: this.seal.sealed, live: live.length, isFirst };
    if (this.#keeper.isDue(use, wallMs)) this.#rotate(wallMs);
  }
}

function addressOf({ addresses, gossipPort }: NodeFacts): RecordFacts {
  return { address: formatAddress({ host: addresses[0]!, port: gossipPort }) };
}

/** The bytes of each of these revocations, out of those that many came in. */
function slicesOf(bytes: Uint8Array, revocations: readonly Revocation[]): { node: NodeId; bytes: Uint8Array }[] {
  const wanted = new Set(revocations.map(({ node }) => node));
  const slices: { node: NodeId; bytes: Uint8Array }[] = [];
  for (let at = 0; at + REVOCATION_BYTES <= bytes.length; at += REVOCATION_BYTES) {
    const slice = bytes.slice(at, at + REVOCATION_BYTES);
    const node = Buffer.from(slice.subarray(0, 16)).toString("hex");
    if (wanted.has(node)) slices.push({ node, bytes: slice });
  }
  return slices;
}
