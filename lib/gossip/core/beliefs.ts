import type { Awareness } from "./awareness.ts";
import type { Change } from "./effect.ts";
import { ACCUSATIONS_PER_MERGE_MAX, CONFLICT_WINDOW_MS, GONE_ASKERS, REFUSALS_PER_MERGE_MAX } from "./limits.ts";
import type { Mailer } from "./mailer.ts";
import { isLive, type Member, type NodeId, type RecordFacts, type RecordReader, type Self, viewOf } from "./member.ts";
import { MemberTable } from "./member_table.ts";
import type { Alive, Gone, Message, Suspect } from "./message.ts";
import type { MembershipOptions } from "./options.ts";
import { OwnRecord, type Verdict } from "./own_record.ts";
import { encodeMessage } from "./packet.ts";
import { confirmationsExpected, suspicionMsMin } from "./scaling.ts";
import type { StateEntry } from "./state_document.ts";
import type { MembershipStats } from "./stats.ts";
import { Suspects } from "./suspects.ts";
import { Suspicion } from "./suspicion.ts";

/**
 * A confirmation starts as if it had been told this share of its times. It only shortens what ends with a rumour of its
 * own, so not all need it: with 1 % slow members that saves a tenth of all packets and more.
 */
const CONFIRMATION_TOLD = 0.5;

/** What beliefs are made with. */
export interface BeliefsContext {
  readonly self: Self;
  readonly options: MembershipOptions;
  readonly readRecord: RecordReader;
  readonly random: () => number;
  readonly mailer: Mailer;
  readonly awareness: Awareness;
  readonly stats: MembershipStats;
  readonly incarnation: number;
  /** A member became known: it wants to be probed. */
  readonly onJoined: (member: Member) => void;
}

/**
 * What this node believes of the others. Claims come in from packets, states and its own probes; what changes a belief is
 * told on as a rumour and told to the driver. Claims are ordered by incarnation, and within one alive < suspect < failed <
 * left: so all nodes believe the same in the end, in whatever order they heard.
 */
export class Beliefs {
  readonly table: MemberTable;
  readonly own: OwnRecord;
  /** This node has said goodbye and does not answer accusations any more. */
  isLeaving = false;
  readonly #suspects = new Suspects();
  /** It is learning whom there is. */
  #isNew = false;
  #ownConflictAtMs = -Infinity;

  constructor(private readonly context: BeliefsContext) {
    const { self, options, readRecord, random, incarnation } = context;
    this.table = new MemberTable(options.membersMax, random);
    this.own = new OwnRecord(self, readRecord, incarnation, options.probeIntervalMs);
  }

  /** The live members, with this node. */
  get live(): number {
    return this.table.live + 1;
  }

  /** When `tick` wants to be called. */
  get nextAtMs(): number {
    return Math.min(this.own.settleAtMs, this.#suspects.nextAtMs);
  }

  /** Tells everybody of this node as it is now. */
  announce(): void {
    this.#tell({ kind: "alive", id: this.context.self.id, incarnation: this.own.incarnation, record: this.own.record });
  }

  hearAlive({ id, incarnation, record }: Omit<Alive, "kind">, nowMs: number): void {
    if (id === this.context.self.id) return this.#hearOwnRecord(incarnation, record, nowMs);
    const member = this.table.get(id);
    if (member !== undefined && incarnation <= member.incarnation) return;
    const facts = this.#read(id, incarnation, record);
    if (facts === undefined) return;
    if (member === undefined) return this.#join(id, incarnation, record.slice(), facts, nowMs);
    const { state } = member;
    this.#renew(member, incarnation, record.slice(), facts, nowMs);
    this.#setState(member, "alive", nowMs);
    this.#tell({ kind: "alive", id, incarnation, record: member.record });
    this.#change(state === "alive" ? "updated" : state === "left" ? "joined" : "alive_again", member);
  }

  hearSuspect({ id, incarnation, from }: Omit<Suspect, "kind">, nowMs: number): void {
    if (id === this.context.self.id) return this.#refute(incarnation);
    const member = this.#accusable(id, incarnation);
    if (member === undefined) return;
    if (member.suspicion !== undefined) return this.#confirm(member, from);
    if (member.state !== "alive") return;
    const { options, stats } = this.context;
    const minMs = suspicionMsMin(options, this.live);
    const expected = confirmationsExpected(options, this.live);
    this.#setState(member, "suspect", nowMs);
    const maxMs = minMs * options.suspicionMaxMultiplier;
    this.#suspects.begin(member, new Suspicion(from, expected, minMs, maxMs, nowMs));
    stats.suspicions++;
    this.#tell({ kind: "suspect", id, incarnation, from });
    this.#change("suspected", member);
  }

  /** Nobody signs that a member is gone. It is believed at once, and the member asked: whoever lives says so. */
  hearGone(gone: Gone, nowMs: number): void {
    if (gone.id === this.context.self.id) return this.#refute(gone.incarnation);
    const member = this.#accusable(gone.id, gone.incarnation);
    if (member === undefined) return;
    if (isLive(member) && this.context.random() * this.live < GONE_ASKERS) {
      this.context.mailer.send(member.address, gone);
    }
    this.#setGone(member, gone.kind, nowMs);
  }

  /** What a member that speaks is held for, where that is gone: it contradicts, unless it is about to leave. */
  tellGone(id: NodeId, to: string): void {
    const member = this.table.get(id);
    if (member === undefined || member.state === "alive" || member.state === "suspect") return;
    this.context.mailer.send(to, { kind: member.state, id, incarnation: member.incarnation });
  }

  #setGone(member: Member, kind: Gone["kind"], nowMs: number): void {
    if (member.state === "left" || member.state === kind) return;
    const { id, incarnation } = member;
    this.#setState(member, kind, nowMs);
    this.#tell({ kind, id, incarnation });
    this.#change(kind, member);
  }

  /**
   * What another node believes of everybody. That it holds somebody for failed is an accusation here, which can be refuted.
   * Who knew nobody does not tell on what it learns: only this node did not know it.
   */
  merge(entries: readonly StateEntry[], nowMs: number): void {
    this.#isNew = this.table.size === 0;
    this.#merge(entries, nowMs);
    this.#isNew = false;
  }

  #merge(entries: readonly StateEntry[], nowMs: number): void {
    let accusations = 0;
    const { refused } = this.context.stats;
    const refusedMax = refused.record + REFUSALS_PER_MERGE_MAX;
    for (const entry of entries) {
      if (refused.record >= refusedMax) return;
      const member = this.table.get(entry.id);
      const isGone = entry.state === "failed" || entry.state === "left";
      if (isGone && member === undefined && entry.id !== this.context.self.id) continue;
      if (isGone && member !== undefined && !isLive(member)) {
        this.#renewGone(member, entry, nowMs);
        continue;
      }
      this.hearAlive(entry, nowMs);
      if (entry.state === "left") this.hearGone({ ...entry, kind: "left" }, nowMs);
      if (entry.state !== "suspect" && entry.state !== "failed") continue;
      this.hearSuspect({ ...entry, from: this.context.self.id }, nowMs);
      const accused = this.table.get(entry.id);
      if (accused?.state === "suspect" && accusations++ < ACCUSATIONS_PER_MERGE_MAX) this.#tellAccused(accused);
    }
  }

  /** What a probe finds. */
  suspect(member: Member, nowMs: number): void {
    const { id, incarnation } = member;
    this.hearSuspect({ id, incarnation, from: this.context.self.id }, nowMs);
  }

  /** Declares those suspects failed whose time is over, and refutes what was put off. */
  tick(nowMs: number): void {
    if (this.own.settleAtMs <= nowMs) this.#refuted(this.own.settle(nowMs));
    for (const { id, incarnation } of this.#suspects.over(nowMs)) {
      this.context.stats.declared++;
      const member = this.#accusable(id, incarnation);
      if (member !== undefined) this.#setGone(member, "failed", nowMs);
    }
  }

  /** Gives every suspect so much more time. */
  extend(lostMs: number): void {
    this.own.settleAtMs += lostMs;
    this.#suspects.extend(lostMs);
  }

  forget(member: Member): void {
    this.#suspects.end(member);
    this.table.remove(member);
    this.context.mailer.rumours.remove(member.id);
    this.#change("removed", member);
  }

  /** Forgets whoever is gone for longest; false when all live. */
  #makeRoom(): boolean {
    const { goneLongest } = this.table;
    if (goneLongest === undefined) this.context.stats.refused.table_full++;
    else this.forget(goneLongest);
    return goneLongest !== undefined;
  }

  /** Tells a member that it is suspect, before everybody else has. */
  #tellAccused({ id, incarnation, address }: Member): void {
    const { mailer, self, options } = this.context;
    if (options.buddySystem) mailer.send(address, { kind: "suspect", id, incarnation, from: self.id });
  }

  #join(id: NodeId, incarnation: number, record: Uint8Array, { address }: RecordFacts, nowMs: number): void {
    const member: Member = {
      id,
      incarnation,
      state: "alive",
      address,
      record,
      sinceMs: nowMs,
      suspicion: undefined,
      index: 0,
      addressBefore: undefined,
      movedAtMs: nowMs,
      conflictAtMs: -Infinity,
    };
    if (this.table.isFull && !this.#makeRoom()) return;
    this.table.add(member);
    this.context.onJoined(member);
    this.#tell({ kind: "alive", id, incarnation, record });
    this.#change("joined", member);
  }

  #renew(member: Member, incarnation: number, record: Uint8Array, { address }: RecordFacts, nowMs: number): void {
    member.incarnation = incarnation;
    member.record = record;
    if (address === member.address) return;
    const isBack = address === member.addressBefore && nowMs - member.movedAtMs < CONFLICT_WINDOW_MS;
    if (isBack && isLive(member) && nowMs - member.conflictAtMs > CONFLICT_WINDOW_MS) {
      member.conflictAtMs = nowMs;
      this.#conflict(member.id, member.address, address);
    }
    member.addressBefore = member.address;
    member.address = address;
    member.movedAtMs = nowMs;
  }

  /** A failed member failed at a later incarnation than was known here: no reason to let it rise and fall once more. */
  #renewGone(member: Member, { id, incarnation, record, state }: StateEntry, nowMs: number): void {
    if (incarnation > member.incarnation) {
      const facts = this.#read(id, incarnation, record);
      if (facts !== undefined) this.#renew(member, incarnation, record.slice(), facts, nowMs);
    }
    if (state === "left") this.hearGone({ kind: "left", id, incarnation }, nowMs);
  }

  /** The member that an accusation is about, if it is about the incarnation that its record proves. */
  #accusable(id: NodeId, incarnation: number): Member | undefined {
    const member = this.table.get(id);
    if (member === undefined || incarnation < member.incarnation) return undefined;
    if (incarnation === member.incarnation) return member;
    this.context.stats.refused.unproven++;
    return undefined;
  }

  #confirm(member: Member, from: NodeId): void {
    const accuser = this.table.get(from);
    const isAccuser = from === this.context.self.id || (accuser !== undefined && isLive(accuser));
    if (!isAccuser || !this.#suspects.confirm(member, from)) return;
    const { mailer } = this.context;
    const message = encodeMessage({ kind: "suspect", id: member.id, incarnation: member.incarnation, from });
    mailer.rumours.put(member.id, message, Math.floor(mailer.timesMax * CONFIRMATION_TOLD));
  }

  #hearOwnRecord(incarnation: number, record: Uint8Array, nowMs: number): void {
    const { own } = this;
    if (this.isLeaving || incarnation < own.incarnation) return;
    if (incarnation === own.incarnation && isSame(record, own.record)) return;
    const facts = this.#read(this.context.self.id, incarnation, record);
    if (facts === undefined) return;
    this.#refuted(own.foreign(incarnation, nowMs));
    if (!own.hasDouble || nowMs - this.#ownConflictAtMs <= CONFLICT_WINDOW_MS) return;
    this.#ownConflictAtMs = nowMs;
    this.#conflict(this.context.self.id, own.address, facts.address);
  }

  #refute(incarnation: number): void {
    if (this.isLeaving) return;
    const verdict = this.own.accused(incarnation);
    this.#refuted(verdict);
    if (verdict !== "refuted") return;
    this.context.stats.refutations++;
    this.context.awareness.apply(1);
  }

  #refuted(verdict: Verdict): void {
    if (verdict === "refuted") this.announce();
    if (verdict === "jump") this.context.stats.refused.jump++;
  }

  #read(id: NodeId, incarnation: number, record: Uint8Array): RecordFacts | undefined {
    const facts = this.context.readRecord(id, incarnation, record);
    if (facts === undefined) this.context.stats.refused.record++;
    return facts;
  }

  #setState(member: Member, state: Member["state"], nowMs: number): void {
    this.#suspects.end(member);
    this.table.setState(member, state, nowMs);
  }

  #tell(message: Message & { readonly id: NodeId }): void {
    if (this.#isNew && message.id !== this.context.self.id) return;
    this.context.mailer.rumours.put(message.id, encodeMessage(message));
  }

  #change(change: Change, member: Member): void {
    this.context.mailer.push({ kind: "change", change, member: viewOf(member) });
  }

  #conflict(id: NodeId, one: string, other: string): void {
    this.context.stats.conflicts++;
    this.context.mailer.push({ kind: "conflict", id, addresses: [one, other] });
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
