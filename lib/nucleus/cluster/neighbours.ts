import { CellError } from "../../base/mod.ts";
import type { CatalogEntry } from "../../gossip/catalog/mod.ts";
import { type ClusterMember, type GossipNode, targetOf } from "../../gossip/mod.ts";
import { shortId } from "../../net/identity/mod.ts";
import type { CatalogInstance, Member } from "../client/mod.ts";
import { catalogInstance } from "./catalog_instance.ts";
import { memberOf } from "./member.ts";
import type { PeerCalls, Peers } from "./peers.ts";

/** The other nodes, as the gossip knows them, and how they are spoken to. */
export class Neighbours {
  /** `gossip` throws before there is any. */
  constructor(
    private readonly gossip: () => Pick<GossipNode, "members" | "member" | "catalog" | "id">,
    private readonly peers: Pick<Peers, "of">,
  ) {}

  members(): Member[] {
    const counts = new Map<string, number>();
    for (const { node } of this.gossip().catalog.all()) counts.set(node, (counts.get(node) ?? 0) + 1);
    const others = this.gossip().members().filter(({ isSelf }) => !isSelf);
    return others.map((member) => memberOf(member, counts.get(member.id) ?? 0));
  }

  /** Their instances; of one service when it is named. */
  instances(service?: string): CatalogInstance[] {
    const { catalog } = this.gossip();
    const entries = service === undefined ? catalog.all() : catalog.entries(service);
    return entries.flatMap((entry) => this.#instance(entry));
  }

  /** Names of the services that they have; what this node offers may be among them. */
  services(): string[] {
    return this.gossip().catalog.services();
  }

  /** Whether one of them has an instance of a service. */
  hasInstance(service: string): boolean {
    return this.gossip().catalog.entries(service).some(({ node }) => node !== this.gossip().id);
  }

  /** Ids of those that have instances of a species. */
  holdersOf(species: string): string[] {
    const holders = new Set(this.gossip().catalog.holdersOf(species).map(({ node }) => node));
    holders.delete(this.gossip().id);
    return [...holders];
  }

  /** Ids of those that live. */
  living(): string[] {
    return this.#living().map(({ id }) => id);
  }

  /** Ids of those that hold the authority's key, and live. */
  authorities(): string[] {
    return this.#living().filter(({ record }) => record.isAuthority).map(({ id }) => id);
  }

  /** The name that a member's certificate gives it; undefined of one that is not known. */
  nameOf(node: string): string | undefined {
    return this.gossip().member(node)?.record.name;
  }

  /** The id of the node, this one included, that has this name and lives. */
  holderOf(name: string): string | undefined {
    const isHere = ({ state }: ClusterMember) => state === "alive" || state === "suspect";
    return this.gossip().members().find((member) => member.record.name === name && isHere(member))?.id;
  }

  /** The methods of a member's agent. Throws UNAVAILABLE for a node that is none. */
  agentOf(node: string): PeerCalls {
    const member = this.gossip().member(node);
    if (member !== undefined) return this.peers.of(targetOf(member.record));
    throw new CellError("UNAVAILABLE", `reaching node ${shortId(node)}: it is no member of the cluster`, {
      data: { started: false },
    });
  }

  #living(): ClusterMember[] {
    return this.gossip().members().filter(({ isSelf, state }) => !isSelf && state === "alive");
  }

  #instance(entry: CatalogEntry): CatalogInstance[] {
    if (entry.node === this.gossip().id) return [];
    const member = this.gossip().member(entry.node);
    return member === undefined ? [] : [catalogInstance(entry, member)];
  }
}
