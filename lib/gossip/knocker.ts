import { type Contact, parseContact } from "./contact.ts";
import { ContactBook, knockDelayMs } from "./contact_book.ts";
import { GOSSIP_PORT, NODE_PORT } from "./ports.ts";
import type { Resolver } from "./resolver.ts";
import { formatAddress, type SocketAddress } from "./socket_address.ts";
import type { StreamTarget } from "./stream_target.ts";

/** Addresses of one name that are knocked at. */
const KNOCKS_PER_NAME_MAX = 4;
/** Rounds of knocking before a stream is tried where nobody answers a datagram: keys may have changed while we were away. */
const PATIENT_ROUNDS = 2;

/** The shortest time from one round to the next, however many reasons there are to hurry. */
export const HURRY_MS = 500;

/** What knocking needs of the node. */
export interface KnockerHands {
  /** Nobody else is known. */
  isAlone(): boolean;
  /** Whether datagrams can be sealed. */
  hasKey(): boolean;
  /** Whether a living member, or this node itself, is at this address. */
  isMemberAt(address: string): boolean;
  sayHello(to: SocketAddress): void;
  exchange(target: StreamTarget): void;
  random(): number;
  steadyMs(): number;
}

/** Looks for others where this node was told, or has met them before. */
export class Knocker {
  readonly book: ContactBook;
  /** When `knockAround` wants to be called. */
  nextAtMs: number;
  #rounds = 0;
  #knockedAtMs = -Infinity;
  #isStopped = false;

  constructor(
    private readonly hands: KnockerHands,
    private readonly resolver: Resolver,
    seeds: readonly string[],
    remembered: readonly string[],
  ) {
    this.book = new ContactBook(seeds, remembered);
    this.nextAtMs = hands.steadyMs();
  }

  /** Knocks at all contacts, and plans the next round. */
  knockAround(): void {
    const isAlone = this.hands.isAlone();
    this.#rounds++;
    this.#knockedAtMs = this.hands.steadyMs();
    this.nextAtMs = this.#knockedAtMs + knockDelayMs(this.#rounds, isAlone, this.hands.random());
    for (const contact of this.book.contacts(isAlone)) void this.knock(contact);
  }

  /** Nobody else is there any more: begins anew. */
  hurry(): void {
    this.#rounds = 0;
    this.nextAtMs = Math.max(this.hands.steadyMs(), this.#knockedAtMs + HURRY_MS);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Says hello to a node of which an address is known, at what its name means now. */
  async knock({ gossip, nodePort }: Contact): Promise<void> {
    const hosts = (await this.resolver.fresh(gossip.host)).slice(0, KNOCKS_PER_NAME_MAX);
    for (const host of hosts) {
      const address = { host, port: gossip.port };
      if (this.#isStopped || this.hands.isMemberAt(formatAddress(address))) continue;
      this.hands.sayHello(address);
      const isImpatient = this.hands.isAlone() && (this.#rounds > PATIENT_ROUNDS || !this.hands.hasKey());
      const port = nodePort ?? (gossip.port === GOSSIP_PORT ? NODE_PORT : undefined);
      if (!isImpatient || port === undefined) continue;
      this.hands.exchange({ node: undefined, hosts: [host], nodePort: port, tlsPort: port });
    }
  }

  /** Knocks at what people typed; what is no contact is given back. */
  knockAt(texts: readonly string[]): string[] {
    return texts.filter((text) => {
      const contact = parseContact(text);
      if (contact !== undefined) void this.knock(contact);
      return contact === undefined;
    });
  }
}
