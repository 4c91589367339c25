import { formatAddress } from "./socket_address.ts";

interface Route {
  readonly id: string;
  readonly canonical: string;
  readonly candidates: readonly string[];
  /** Which of them is used. */
  index: number;
}

/**
 * At which of its addresses a member is reached. Membership knows a member by the first one; where datagrams come from, or
 * stay unanswered, decides which is used. Only addresses that the member itself has signed are: where a datagram seems to
 * come from is what its last forwarder says.
 */
export class Routes {
  /** By node id; one for each member. */
  readonly #byNode = new Map<string, Route>();
  /** By the address that a member is known by. */
  readonly #byCanonical = new Map<string, Route>();
  /** By every address of a member. */
  readonly #byCandidate = new Map<string, Route>();

  /** A member is reached at these hosts, the best first, with this port; it is known by the first. */
  set(id: string, hosts: readonly string[], port: number): void {
    const candidates = hosts.map((host) => formatAddress({ host, port }));
    const canonical = candidates[0]!;
    const known = this.#byNode.get(id);
    if (known !== undefined && known.candidates.join() === candidates.join()) return;
    this.delete(id);
    const route = { id, canonical, candidates, index: 0 };
    this.#byNode.set(id, route);
    this.#byCanonical.set(canonical, route);
    for (const candidate of candidates) this.#byCandidate.set(candidate, route);
  }

  delete(id: string): void {
    const known = this.#byNode.get(id);
    if (known === undefined) return;
    this.#byNode.delete(id);
    if (this.#byCanonical.get(known.canonical) === known) this.#byCanonical.delete(known.canonical);
    for (const candidate of known.candidates) {
      if (this.#byCandidate.get(candidate) === known) this.#byCandidate.delete(candidate);
    }
  }

  /** A datagram of this member came from there. */
  heard(id: string, from: string): void {
    const route = this.#byNode.get(id);
    if (route === undefined || route.candidates[route.index] === from) return;
    const index = route.candidates.indexOf(from);
    if (index !== -1) route.index = index;
  }

  /** This member does not answer where it was asked: the next address is tried. */
  unanswered(id: string): void {
    const route = this.#byNode.get(id);
    if (route !== undefined) route.index = (route.index + 1) % route.candidates.length;
  }

  /** Where to send what is for this address. */
  resolve(canonical: string): string {
    const route = this.#byCanonical.get(canonical);
    return route === undefined ? canonical : route.candidates[route.index]!;
  }

  /** The member that has this address; undefined when none has. */
  memberAt(address: string): string | undefined {
    return this.#byCandidate.get(address)?.id;
  }

  get size(): number {
    return this.#byNode.size;
  }
}
