import type { CellError } from "../../base/mod.ts";
import type { Link, RemotePeer } from "../mod.ts";

/** A link to an instance that proved who it is. */
export type InstanceLink = Link & { readonly peer: RemotePeer };

/** Links that are open, so that those of a node that is revoked can be closed. */
export class LinkRegistry {
  private readonly links = new Set<InstanceLink>();

  get size(): number {
    return this.links.size;
  }

  add(link: InstanceLink): void {
    this.links.add(link);
  }

  /** The link is gone. */
  remove(link: InstanceLink): void {
    this.links.delete(link);
  }

  /** Ends at once every link whose peer `isMeant`, with `error` for its owner, and returns how many there were. */
  closeWhere(isMeant: (peer: RemotePeer) => boolean, error: CellError): number {
    const meant = [...this.links].filter(({ peer }) => isMeant(peer));
    for (const link of meant) link.destroy(error);
    return meant.length;
  }
}
