import { SECOND } from "../base/mod.ts";
import { formatAddress } from "./socket_address.ts";

/** Nodes whose routes are kept: more than a cluster has members. The one that changed least recently makes room. */
export const ROUTES_MAX = 12_000;
/** An address from which a node was heard so recently is not given up: what got lost was something else. */
const FRESH_MS = 2 * SECOND;

interface Route {
  readonly id: string;
  readonly candidates: readonly string[];
  /** Which of them is used. */
  index: number;
  /** When something came from there. */
  heardAtMs: number;
}

/**
 * At which of its addresses a member is reached. Membership knows a member by the first one; where datagrams come from, or
 * stay unanswered, decides which is used. Only addresses that the member itself has signed are: where a datagram seems to
 * come from is what its last forwarder says.
 */
export class Routes {
  /** By node id. */
  readonly #byNode = new Map<string, Route>();
  /** By the address that a member is known by; mostly one. */
  readonly #byFirst = new Map<string, Set<Route>>();
  /** By every address of a member. */
  readonly #byCandidate = new Map<string, Route>();

  constructor(private readonly routesMax = ROUTES_MAX) {}

  get size(): number {
    return this.#byNode.size;
  }

  /** A member is reached at these hosts, the best first, with this port; it is known by the first. */
  set(id: string, hosts: readonly string[], port: number): void {
    const candidates = hosts.map((host) => formatAddress({ host, port }));
    if (this.#byNode.get(id)?.candidates.join() === candidates.join()) return;
    this.delete(id);
    const [oldest] = this.#byNode.keys();
    if (this.#byNode.size >= this.routesMax && oldest !== undefined) this.delete(oldest);
    const route = { id, candidates, index: 0, heardAtMs: -Infinity };
    this.#byNode.set(id, route);
    this.#byFirst.set(candidates[0]!, (this.#byFirst.get(candidates[0]!) ?? new Set()).add(route));
    for (const candidate of candidates) this.#byCandidate.set(candidate, route);
  }

  delete(id: string): void {
    const route = this.#byNode.get(id);
    if (route === undefined) return;
    this.#byNode.delete(id);
    const [first = ""] = route.candidates;
    const claims = this.#byFirst.get(first);
    claims?.delete(route);
    if (claims?.size === 0) this.#byFirst.delete(first);
    for (const candidate of route.candidates) {
      // Another node may have the address meanwhile.
      if (this.#byCandidate.get(candidate) === route) this.#byCandidate.delete(candidate);
    }
  }

  /** A datagram of this member came from there. */
  heard(id: string, from: string, nowMs: number): void {
    const route = this.#byNode.get(id);
    if (route === undefined) return;
    const index = route.candidates[route.index] === from ? route.index : route.candidates.indexOf(from);
    if (index === -1) return;
    route.index = index;
    route.heardAtMs = nowMs;
  }

  /** This member does not answer where it was asked: the next address is tried, unless it speaks from this one. */
  unanswered(id: string, nowMs: number): void {
    const route = this.#byNode.get(id);
    if (route === undefined || nowMs - route.heardAtMs < FRESH_MS) return;
    route.index = (route.index + 1) % route.candidates.length;
  }

  /**
   * Where to send what is for this address. Where several members say that it is theirs, none of them can lead it elsewhere:
   * not all of them tell the truth.
   */
  resolve(first: string): string {
    const claims = this.#byFirst.get(first);
    const [route] = claims ?? [];
    return route === undefined || claims!.size > 1 ? first : route.candidates[route.index]!;
  }

  /** The member that has this address; undefined when none has. */
  memberAt(address: string): string | undefined {
    return this.#byCandidate.get(address)?.id;
  }
}
