import type { Awareness } from "./awareness.ts";
import type { Beliefs } from "./beliefs.ts";
import type { Mailer } from "./mailer.ts";
import { isLive, type Member, type NodeId } from "./member.ts";
import type { Message } from "./message.ts";
import type { MembershipOptions } from "./options.ts";
import type { ProbeOrder } from "./probe_order.ts";
import { Relays } from "./relays.ts";
import { nackMs } from "./scaling.ts";
import type { MembershipStats } from "./stats.ts";

/** A probe under way. Its times were scaled by the awareness of its start. */
interface Probe {
  readonly member: Member;
  readonly sequence: number;
  /** When others are asked; Infinity once they were. */
  askAtMs: number;
  endMs: number;
  nacksExpected: number;
  /** Who has said that it is there, though the target does not answer it. */
  readonly nackedBy: Set<string>;
  isReachedByStream: boolean;
}

/** What probes are made with. */
export interface ProberContext {
  readonly selfId: NodeId;
  readonly options: MembershipOptions;
  readonly random: () => number;
  readonly beliefs: Beliefs;
  readonly order: ProbeOrder;
  readonly mailer: Mailer;
  readonly awareness: Awareness;
  readonly stats: MembershipStats;
}

/**
 * SWIM's failure detector: one member per interval, first directly, then by others and over a stream, and a suspicion when
 * nothing was heard by the interval's end (section 3 of the SWIM paper). And the part of those others.
 */
export class Prober {
  readonly #relays = new Relays();
  #probe: Probe | undefined;
  #startAtMs: number;
  #sequence: number;

  constructor(private readonly context: ProberContext, nowMs: number) {
    this.#sequence = Math.floor(context.random() * 2 ** 32);
    this.#startAtMs = nowMs;
    this.restart(nowMs);
  }

  get nextAtMs(): number {
    const ownAtMs = this.#probe === undefined ? this.#startAtMs : Math.min(this.#probe.askAtMs, this.#probe.endMs);
    return Math.min(ownAtMs, this.#relays.nextAtMs);
  }

  /** Begins within one interval, at random, so that nodes started together do not probe together. */
  restart(nowMs: number): void {
    this.#probe = undefined;
    this.#startAtMs = nowMs + this.context.random() * this.context.options.probeIntervalMs;
  }

  tick(nowMs: number): void {
    for (const { to, sequence, wantsNack } of this.#relays.takeEnded(nowMs)) {
      if (wantsNack) this.context.mailer.send(to, { kind: "nack", sequence });
    }
    if (this.#probe !== undefined && this.#probe.endMs <= nowMs) this.#fail(this.#probe, nowMs);
    if (this.#probe !== undefined && this.#probe.askAtMs <= nowMs) this.#askOthers(this.#probe, nowMs);
    if (this.#probe === undefined && this.#startAtMs <= nowMs) this.#start(nowMs);
  }

  /** Time in which this process did not run: what should have come then may still come. */
  extend(lostMs: number): void {
    this.#relays.extend(lostMs);
    this.#startAtMs += lostMs;
    if (this.#probe === undefined) return;
    this.#probe.askAtMs += lostMs;
    this.#probe.endMs += lostMs;
  }

  onPing(from: string, sequence: number, target: NodeId): void {
    if (target === this.context.selfId) this.context.mailer.send(from, { kind: "ack", sequence });
  }

  onAck(sequence: number): void {
    const relay = this.#relays.take(sequence);
    if (relay !== undefined) this.context.mailer.send(relay.to, { kind: "ack", sequence: relay.sequence });
    else if (sequence === this.#probe?.sequence) this.#succeed();
  }

  onNack(from: string, sequence: number): void {
    const probe = this.#probe;
    if (sequence === probe?.sequence && probe.nackedBy.size < probe.nacksExpected) probe.nackedBy.add(from);
  }

  /** Only members that are known here are probed for others: nobody can use this node to bother strangers. */
  onRequest(from: string, request: Extract<Message, { kind: "probe_request" }>, nowMs: number): void {
    const { beliefs, mailer, options, stats } = this.context;
    const member = beliefs.table.get(request.target);
    const sequence = this.#nextSequence();
    const relay = {
      to: from,
      sequence: request.sequence,
      wantsNack: request.wantsNack,
      endMs: nowMs + nackMs(options),
    };
    if (member === undefined || !this.#relays.add(sequence, relay)) {
      stats.refused.relay++;
      return;
    }
    mailer.send(member.address, { kind: "ping", sequence, target: member.id });
  }

  onStream(id: NodeId, isReached: boolean): void {
    if (this.#probe?.member.id === id && isReached) this.#probe.isReachedByStream = true;
  }

  #start(nowMs: number): void {
    const { order, options, awareness, stats, mailer } = this.context;
    const intervalMs = awareness.scale(options.probeIntervalMs);
    this.#startAtMs = nowMs + intervalMs;
    const member = order.next();
    if (member === undefined) return;
    stats.probes++;
    this.#probe = {
      member,
      sequence: this.#nextSequence(),
      askAtMs: nowMs + awareness.scale(options.probeTimeoutMs),
      endMs: nowMs + intervalMs,
      nacksExpected: 0,
      nackedBy: new Set(),
      isReachedByStream: false,
    };
    const ping: Message = { kind: "ping", sequence: this.#probe.sequence, target: member.id };
    mailer.send(member.address, ...this.#accusation(member), ping);
  }

  /** Goes before the ping, so that the refutation is there already when it is answered. */
  #accusation({ id, incarnation, state }: Member): Message[] {
    const { options, selfId } = this.context;
    if (state !== "suspect" || !options.buddySystem) return [];
    return [{ kind: "suspect", id, incarnation, from: selfId }];
  }

  #askOthers(probe: Probe, nowMs: number): void {
    const { beliefs, mailer, options } = this.context;
    const { member, sequence } = probe;
    probe.askAtMs = Infinity;
    const others = beliefs.table.draw(options.indirectProbes, (other) => other !== member && other.state === "alive");
    const wantsNack = options.localHealth;
    probe.nacksExpected = wantsNack ? others.length : 0;
    for (const { address } of others) {
      mailer.send(address, { kind: "probe_request", sequence, target: member.id, wantsNack });
    }
    if (!options.probeStreams) return;
    mailer.push({ kind: "probe_stream", id: member.id, address: member.address, timeoutMs: probe.endMs - nowMs });
  }

  #succeed(): void {
    this.#probe = undefined;
    this.context.awareness.apply(-1);
  }

  /** Those who were asked and said nothing at all make this node doubt itself: with none to ask, every failure does. */
  #fail(probe: Probe, nowMs: number): void {
    const { awareness, beliefs, stats } = this.context;
    const { member, nacksExpected, nackedBy, isReachedByStream } = probe;
    this.#probe = undefined;
    stats.probesFailed++;
    if (isReachedByStream) {
      stats.probesByStream++;
      return;
    }
    awareness.apply(nacksExpected === 0 ? 1 : nacksExpected - nackedBy.size);
    if (isLive(member)) beliefs.suspect(member, nowMs);
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) % 2 ** 32;
    return this.#sequence;
  }
}
