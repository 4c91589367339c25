import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { MINUTE, SECOND } from "../base/mod.ts";

/** How long an answer of the DNS is used. */
const FRESH_MS = MINUTE;
/** How long a name that has no address is not asked for again. */
const FAILED_MS = 10 * SECOND;
/** Names that are remembered. */
export const NAMES_MAX = 256;
/** Questions under way. */
export const LOOKUPS_MAX = 8;

interface Answer {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

/** Asks for the addresses of a name; none when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Addresses for names, so that sending a datagram never waits: while a name is being looked up, it has the last answer. */
export class Resolver {
  /** The one asked for least recently comes first. */
  readonly #answers = new Map<string, Answer>();
  readonly #underWay = new Map<string, Promise<readonly string[]>>();

  constructor(private readonly nowMs: () => number, private readonly ask: Lookup = askSystem) {}

  /** An IP address of `host`, or undefined while none is known. */
  now(host: string): string | undefined {
    if (isIP(host) !== 0) return host;
    const answer = this.#answers.get(host);
    if (answer === undefined || answer.untilMs <= this.nowMs()) void this.fresh(host);
    return answer?.addresses[0];
  }

  /** The IP addresses of `host` as they are now; none when there are none, or too much is being asked. */
  fresh(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return Promise.resolve([host]);
    const underWay = this.#underWay.get(host);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= LOOKUPS_MAX) return Promise.resolve([]);
    const asked = this.ask(host).catch(() => []).then((addresses) => this.#keep(host, addresses));
    this.#underWay.set(host, asked);
    return asked;
  }

  #keep(host: string, addresses: readonly string[]): readonly string[] {
    this.#underWay.delete(host);
    const before = this.#answers.get(host);
    this.#answers.delete(host);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size >= NAMES_MAX && oldest !== undefined) this.#answers.delete(oldest);
    const hasFailed = addresses.length === 0;
    // A DNS that is down for a while does not make a machine unreachable.
    const kept = hasFailed ? before?.addresses ?? [] : addresses;
    this.#answers.set(host, { addresses: kept, untilMs: this.nowMs() + (hasFailed ? FAILED_MS : FRESH_MS) });
    return addresses;
  }
}

/** IPv4 first: every socket of gossip can send there. */
async function askSystem(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true });
  return found.sort((one, other) => one.family - other.family).map(({ address }) => address);
}
