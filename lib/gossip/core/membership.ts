import { CellError } from "../../base/mod.ts";
import { Awareness } from "./awareness.ts";
import { Beliefs } from "./beliefs.ts";
import type { Effect } from "./effect.ts";
import { ADDRESS_BYTES_MAX, BROADCAST_BYTES_MAX, CONTACTS_MAX } from "./limits.ts";
import { Mailer } from "./mailer.ts";
import { type MemberView, type NodeId, type RecordReader, type Self, viewOf } from "./member.ts";
import type { Message } from "./message.ts";
import { type MembershipOptions, validateOptions } from "./options.ts";
import { decodePacket, encodeMessage } from "./packet.ts";
import { ProbeOrder } from "./probe_order.ts";
import { Prober } from "./prober.ts";
import { Rounds } from "./rounds.ts";
import { decodeState, digestOf, encodeState } from "./state_document.ts";
import { type MembershipStats, newStats } from "./stats.ts";

/**
 * Who is in the cluster and who is not any more, as one node sees it. Every input takes the time, by a clock that never
 * goes back, and gives what is to be done, in order; whatever was told, `nextAtMs` says when `tick` wants to be called.
 */
export class Membership {
  readonly stats: MembershipStats = newStats();
  readonly #options: MembershipOptions;
  readonly #mailer: Mailer;
  readonly #awareness: Awareness;
  readonly #beliefs: Beliefs;
  readonly #prober: Prober;
  readonly #sinceMs: number;
  readonly #rounds: Rounds;

  /**
   * `incarnationFirst` may be anything that a former life of this node has probably not reached, such as the seconds
   * since 1970; when it has, the first node that is met says so, and this one goes above. Throws INVALID_ARGUMENT when
   * an option is out of its bounds.
   */
  constructor(
    private readonly self: Self,
    options: Partial<MembershipOptions>,
    random: () => number,
    readRecord: RecordReader,
    nowMs: number,
    incarnationFirst = 0,
  ) {
    this.#options = validateOptions(options);
    this.#sinceMs = nowMs;
    const { membersMax, awarenessMax, localHealth } = this.#options;
    const shared = { options: this.#options, random, stats: this.stats };
    const awareness = new Awareness(awarenessMax, localHealth);
    const mailer = new Mailer(this.#options, this.stats, () => this.#beliefs.live);
    const order = new ProbeOrder(membersMax, random, (member) => this.#beliefs.table.get(member.id) === member);
    this.#beliefs = new Beliefs({
      ...shared,
      self,
      readRecord,
      mailer,
      awareness,
      incarnation: incarnationFirst,
      onJoined: (member) => order.add(member),
    });
    this.#prober = new Prober({ ...shared, selfId: self.id, beliefs: this.#beliefs, order, mailer, awareness }, nowMs);
    this.#rounds = new Rounds(this.#options, random, this.#beliefs, mailer);
    this.#awareness = awareness;
    this.#mailer = mailer;
  }

  /** How badly this node itself keeps up: 0 is well. */
  get healthScore(): number {
    return this.#awareness.score;
  }

  /** This node's own incarnation. */
  get incarnation(): number {
    return this.#beliefs.own.incarnation;
  }

  /** How many members are alive or suspect, with this node. */
  get live(): number {
    return this.#beliefs.live;
  }

  /** After `leave`: whether this has been told as often as it should, so that the process may end. */
  get hasLeft(): boolean {
    return this.#beliefs.isLeaving && (this.#beliefs.table.live === 0 || !this.#mailer.rumours.has(this.self.id));
  }

  /** All members that are remembered, this node first, failed and left ones with them. */
  members(): MemberView[] {
    return [this.#ownView(), ...this.#beliefs.table.values().map(viewOf)];
  }

  /** At most `max` live members but for this node: mostly those that joined last, the last one first. */
  newestLive(max: number): NodeId[] {
    return this.#beliefs.table.newestLive(max);
  }

  member(id: NodeId): MemberView | undefined {
    if (id === this.self.id) return this.#ownView();
    const member = this.#beliefs.table.get(id);
    return member === undefined ? undefined : viewOf(member);
  }

  /** When `tick` wants to be called; Infinity while this node knows nobody. */
  get nextAtMs(): number {
    const gossips = this.#mailer.hasRumours && this.#beliefs.table.size > 0;
    return gossips ? Math.min(this.#rounds.gossipAtMs, this.#dueMs) : this.#dueMs;
  }

  /** When something is due that was planned; rumours come unplanned, and may have waited for company. */
  get #dueMs(): number {
    const { nextAtMs, table, isLeaving } = this.#beliefs;
    if (isLeaving) return Infinity;
    return table.size === 0 ? nextAtMs : Math.min(nextAtMs, this.#prober.nextAtMs, this.#rounds.nextAtMs);
  }

  /** Does what is due. */
  tick(nowMs: number): Effect[] {
    return this.#input(nowMs, () => {
      const isLeaving = this.#beliefs.isLeaving;
      const isAlone = this.#beliefs.table.size === 0;
      if (!isLeaving && !isAlone) {
        this.#prober.tick(nowMs);
        this.#rounds.tick(nowMs);
      }
      // After the prober: what it finds may be the confirmation that ends a suspicion.
      if (!isLeaving) this.#beliefs.tick(nowMs);
      if (!isAlone && this.#rounds.gossipAtMs <= nowMs) this.#rounds.gossip(nowMs);
    });
  }

  /** A packet from an address. Whatever is in it, this does not throw; what is not believed is counted in `stats`. */
  receive(from: string, packet: Uint8Array, nowMs: number): Effect[] {
    this.stats.packetsIn++;
    this.stats.bytesIn += packet.length;
    const messages = isAddress(from) ? decodePacket(packet) : undefined;
    if (messages === undefined) {
      this.stats.refused.malformed++;
      return [];
    }
    return this.#input(nowMs, () => {
      for (const message of messages) this.#hear(from, message, nowMs);
    });
  }

  /** Asks for a push/pull with nodes of which nothing but the address is known: at most CONTACTS_MAX of them. */
  contact(addresses: readonly string[], nowMs: number): Effect[] {
    return this.#input(nowMs, () => {
      const others = addresses.filter((address) => isAddress(address) && address !== this.#beliefs.own.address);
      for (const address of others.slice(0, CONTACTS_MAX)) {
        this.#mailer.push({ kind: "push_pull", with: undefined, address });
      }
    });
  }

  /**
   * Tells something to all members; not durable, and seldom some miss it. A later payload with the same key replaces one
   * that still waits. Who hears it decides whether to tell it on. Throws INVALID_ARGUMENT when it is too long.
   */
  broadcast(key: string, payload: Uint8Array, nowMs: number): void {
    if (payload.length > BROADCAST_BYTES_MAX) {
      const found = `broadcasting ${key}: the payload has ${payload.length} bytes`;
      throw new CellError("INVALID_ARGUMENT", `${found}; expected at most ${BROADCAST_BYTES_MAX}`);
    }
    this.#noticeLostTime(nowMs);
    this.#mailer.broadcasts.put(key, encodeMessage({ kind: "broadcast", payload }));
    this.stats.broadcastsDropped = this.#mailer.broadcasts.dropped;
  }

  /**
   * 8 bytes that are equal where two nodes believe in the same live members: exchange these first, and states only when they
   * differ. Who is asked merges first and then gives its own state, so that it has refuted already what was said of it.
   */
  digest(): Uint8Array {
    return digestOf([this.#ownView(), ...this.#beliefs.table.values()]);
  }

  /** All that this node believes, at most STATE_BYTES_MAX bytes. */
  state(): Uint8Array {
    return encodeState([this.#ownView(), ...this.#beliefs.table.values()]);
  }

  /** What another node believes. Does not throw either. */
  merge(state: Uint8Array, nowMs: number): Effect[] {
    const entries = decodeState(state);
    if (entries === undefined) {
      this.stats.refused.malformed++;
      return [];
    }
    return this.#input(nowMs, () => this.#beliefs.merge(entries, nowMs));
  }

  /** This node has something new to say of itself: a new record at a new incarnation. */
  updateSelf(nowMs: number): Effect[] {
    return this.#input(nowMs, () => {
      this.#beliefs.own.raise(this.incarnation + 1);
      if (!this.#beliefs.isLeaving) this.#beliefs.announce();
    });
  }

  /** Says goodbye; keep ticking until `hasLeft`. */
  leave(nowMs: number): Effect[] {
    return this.#input(nowMs, () => {
      if (this.#beliefs.isLeaving) return;
      this.#beliefs.isLeaving = true;
      const { rumours } = this.#mailer;
      const { incarnation, record } = this.#beliefs.own;
      const hasNews = rumours.has(this.self.id);
      rumours.put(this.self.id, encodeMessage({ kind: "left", id: this.self.id, incarnation }));
      // Who has not seen the record of an incarnation believes nothing about it, a goodbye neither.
      if (hasNews) {
        rumours.put(`${this.self.id} record`, encodeMessage({ kind: "alive", id: this.self.id, incarnation, record }));
      }
      this.#rounds.gossip(nowMs);
    });
  }

  /** Forgets a member that was revoked; it is not taken again while `readRecord` refuses it. */
  remove(id: NodeId, nowMs: number): Effect[] {
    return this.#input(nowMs, () => {
      const member = this.#beliefs.table.get(id);
      if (member !== undefined) this.#beliefs.forget(member);
    });
  }

  /** A member has spoken from an address: one that is held for gone is told so, to contradict. Call it seldom for each. */
  hasSpoken(id: NodeId, from: string, nowMs: number): Effect[] {
    return this.#input(nowMs, () => this.#beliefs.tellGone(id, from));
  }

  /** Whether the stream of effect `probe_stream` reached the member. */
  onProbeStream(id: NodeId, isReached: boolean, nowMs: number): void {
    this.#noticeLostTime(nowMs);
    this.#prober.onStream(id, isReached);
  }

  /** What every input has in common. */
  #input(nowMs: number, act: () => void): Effect[] {
    this.#noticeLostTime(nowMs);
    const wasAlone = this.#beliefs.table.size === 0;
    act();
    if (wasAlone && this.#beliefs.table.size > 0) {
      this.#prober.restart(nowMs);
      this.#rounds.restart(nowMs);
    }
    return this.#mailer.take();
  }

  /**
   * Something was due and long ago: this process did not run, and heard nobody. Everything that was planned moves by that
   * time and by one probe timeout more, in which what came meanwhile is read. The next input finds nothing overdue, so
   * the same time counts once.
   */
  #noticeLostTime(nowMs: number): void {
    const { forgivesLostTime, probeTimeoutMs } = this.#options;
    const lostMs = nowMs - this.#dueMs;
    if (!forgivesLostTime || lostMs < probeTimeoutMs) return;
    const forgivenMs = lostMs + probeTimeoutMs;
    this.stats.lapses++;
    this.#prober.extend(forgivenMs);
    this.#beliefs.extend(forgivenMs);
    this.#rounds.extend(forgivenMs);
    this.#awareness.apply(1);
  }

  #hear(from: string, message: Message, nowMs: number): void {
    switch (message.kind) {
      case "ping":
        return this.#prober.onPing(from, message.sequence, message.target);
      case "ack":
        return this.#prober.onAck(message.sequence);
      case "nack":
        return this.#prober.onNack(from, message.sequence);
      case "probe_request":
        return this.#prober.onRequest(from, message, nowMs);
      case "alive":
        return this.#beliefs.hearAlive(message, nowMs);
      case "suspect":
        return this.#beliefs.hearSuspect(message, nowMs);
      case "failed":
      case "left":
        return this.#beliefs.hearGone(message, nowMs);
      case "broadcast":
        return this.#mailer.push({ kind: "broadcast", payload: message.payload.slice(), from });
    }
  }

  #ownView(): MemberView {
    const { incarnation, record, address } = this.#beliefs.own;
    const state = this.#beliefs.isLeaving ? "left" : "alive";
    return { id: this.self.id, incarnation, state, address, record, sinceMs: this.#sinceMs };
  }
}

function isAddress(text: string): boolean {
  return text.length <= ADDRESS_BYTES_MAX && /^[\x21-\x7e]+$/.test(text);
}
