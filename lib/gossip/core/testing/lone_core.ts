import { seededRandom } from "../../../base/mod.ts";
import type { Message } from "../message.ts";
import { decodePacket, encodeMessage, PACKET_VERSION } from "../packet.ts";
import { type Change, type Effect, Membership, type MembershipOptions, type NodeId } from "../mod.ts";
import { encodeState, type StateEntry } from "../state_document.ts";
import { fakeRecord, idOf, readFakeRecord } from "./fake_record.ts";

/** What a core wants to be sent. */
export interface Sent {
  readonly to: string;
  readonly messages: readonly Message[];
}

/** One packet with these messages. */
export function packetOf(...messages: readonly Message[]): Uint8Array {
  return new Uint8Array([PACKET_VERSION, ...messages.flatMap((message) => [...encodeMessage(message)])]);
}

/** The address that members of tests have. */
export function addressOf(number: number): string {
  return `10.0.0.${number}:9044`;
}

/** What a member says of itself. */
export function aliveOf(
  number: number,
  incarnation = 0,
  address = addressOf(number),
): Extract<Message, { kind: "alive" }> {
  const id = idOf(number);
  return { kind: "alive", id, incarnation, record: fakeRecord(id, incarnation, address) };
}

/** One core whose peers are played by a test. It is number 0; its clock stands until a test moves it. */
export class LoneCore {
  nowMs = 1_000_000;
  readonly id: NodeId = idOf(0);
  readonly core: Membership;
  #address = addressOf(0);

  constructor(options: Partial<MembershipOptions> = {}, incarnationFirst = 0, readRecord = readFakeRecord, seed = 5) {
    const self = {
      id: this.id,
      record: (incarnation: number) => fakeRecord(this.id, incarnation, this.#address),
    };
    this.core = new Membership(self, options, seededRandom(seed), readRecord, this.nowMs, incarnationFirst);
  }

  /** It will say that it is here from its next record on. */
  moveTo(address: string): void {
    this.#address = address;
  }

  hear(...messages: readonly Message[]): Effect[] {
    return this.hearFrom(addressOf(99), ...messages);
  }

  hearFrom(from: string, ...messages: readonly Message[]): Effect[] {
    return this.core.receive(from, packetOf(...messages), this.nowMs);
  }

  merge(...entries: readonly StateEntry[]): Effect[] {
    return this.core.merge(encodeState(entries), this.nowMs);
  }

  /** Members 1 to `count`, which it knows from then on. */
  know(count: number): this {
    this.merge(...Array.from({ length: count }, (_, index) => ({ ...aliveOf(index + 1), state: "alive" as const })));
    return this;
  }

  /** Lets time pass, with all ticks that it asks for; gives what they brought. */
  pass(durationMs: number): Effect[] {
    const endMs = this.nowMs + durationMs;
    const effects: Effect[] = [];
    while (this.core.nextAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.core.nextAtMs);
      effects.push(...this.core.tick(this.nowMs));
    }
    this.nowMs = endMs;
    return effects;
  }

  /** Time passes until it does something of this kind; gives all that it did then. */
  passUntil(kind: Message["kind"]): Sent[] {
    for (let ticks = 0; ticks < 1_000; ticks++) {
      this.nowMs = Math.max(this.nowMs, this.core.nextAtMs);
      const sent = sentIn(this.core.tick(this.nowMs));
      if (sent.some(({ messages }) => messages.some((message) => message.kind === kind))) return sent;
    }
    throw new Error(`no ${kind} in 1000 ticks`);
  }

  state(number: number): string | undefined {
    return this.core.member(idOf(number))?.state;
  }
}

/** The packets among effects, decoded. */
export function sentIn(effects: readonly Effect[]): Sent[] {
  return effects.flatMap((effect) =>
    effect.kind === "send" ? [{ to: effect.to, messages: decodePacket(effect.packet)! }] : []
  );
}

/** All messages of a kind among effects. */
export function messagesIn<Kind extends Message["kind"]>(effects: readonly Effect[], kind: Kind) {
  const all = sentIn(effects).flatMap(({ messages }) => messages);
  return all.filter((message): message is Extract<Message, { kind: Kind }> => message.kind === kind);
}

/** The changes among effects, each with the number of the member. */
export function changesIn(effects: readonly Effect[]): [Change, number][] {
  return effects.flatMap((effect) =>
    effect.kind === "change" ? [[effect.change, Number.parseInt(effect.member.id.slice(0, 8), 16)]] : []
  );
}
