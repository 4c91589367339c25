import { MINUTE, SECOND } from "../base/mod.ts";
import { type Contact, formatContact, parseContact } from "./contact.ts";

/** Nodes that are remembered for the next start. */
export const REMEMBERED_MAX = 16;
/** Contacts that are tried at all. */
export const CONTACTS_MAX = 64;
const FIRST_KNOCK_MS = 500;
const KNOCK_ALONE_MS = 30 * SECOND;
const KNOCK_MS = MINUTE;
/** Of the time, by chance. */
const JITTER = 0.2;

/**
 * How long after its `tries`th round of knocking (from 1) a node knocks again: soon and then less often while it is alone, and
 * every minute at seeds that it does not see among the others.
 */
export function knockDelayMs(tries: number, isAlone: boolean, chance: number): number {
  const delayMs = isAlone ? Math.min(FIRST_KNOCK_MS * 2 ** Math.min(tries - 1, 16), KNOCK_ALONE_MS) : KNOCK_MS;
  return delayMs * (1 - JITTER / 2 + JITTER * chance);
}

/** Where this node looks for others when it knows none: what it was told, and whom it met. */
export class ContactBook {
  readonly #seeds: readonly Contact[];
  /** By their text; whoever was met last comes last. */
  readonly #met = new Map<string, Contact>();

  /** What is no contact is passed over: it comes from a file that people edit, or from another node. */
  constructor(seeds: readonly string[], remembered: readonly string[]) {
    this.#seeds = seeds.flatMap((text) => parseContact(text) ?? []).slice(0, CONTACTS_MAX - REMEMBERED_MAX);
    this.add(remembered.slice(0, REMEMBERED_MAX));
  }

  /** Remembers these as met just now. */
  add(contacts: readonly string[]): void {
    for (const text of contacts) {
      const contact = parseContact(text);
      if (contact !== undefined) this.#meet(contact);
    }
  }

  /** Remembers who is there now. Whether that is news. */
  meet(contacts: readonly Contact[]): boolean {
    const before = this.remembered();
    for (const contact of contacts) this.#meet(contact);
    const after = new Set(this.remembered());
    return before.length !== after.size || before.some((text) => !after.has(text));
  }

  /** For the next start, whoever was met last first. */
  remembered(): string[] {
    return [...this.#met.keys()].reverse();
  }

  /** Whom to look for: seeds only, or all. */
  contacts(isAlone: boolean): Contact[] {
    return isAlone ? [...this.#seeds, ...[...this.#met.values()].reverse()] : [...this.#seeds];
  }

  #meet(contact: Contact): void {
    const text = formatContact(contact);
    this.#met.delete(text);
    this.#met.set(text, contact);
    const [oldest] = this.#met.keys();
    if (this.#met.size > REMEMBERED_MAX && oldest !== undefined) this.#met.delete(oldest);
  }
}
