import { CellError } from "../base/mod.ts";
import { type NodeId, readRevocation, type Revocation, type RevocationSet } from "../net/identity/mod.ts";
import { revocationPayload } from "./broadcast_payload.ts";
import type { ClusterKeys } from "./cluster_keys.ts";
import type { GossipEvents } from "./gossip_options.ts";

/** News of revocations in one exchange that are told on at once; the rest goes with further exchanges. */
const REVOCATIONS_TOLD_MAX = 16;

/** What shutting a node out is done with. */
export interface ShuttingOutHands {
  /** Nothing of this node is to be left. */
  forget(node: NodeId): void;
  /** Tells everybody. */
  broadcast(key: string, payload: Uint8Array): void;
}

/** Takes the authority's word that a node is none of the cluster any more, and does what follows from it. */
export class ShuttingOut {
  constructor(
    private readonly set: RevocationSet,
    private readonly authorityKey: Uint8Array,
    private readonly keyring: ClusterKeys,
    private readonly events: GossipEvents,
    private readonly hands: ShuttingOutHands,
    wallMs: number,
  ) {
    // What was removed before this start knows keys that were kept, too.
    for (const node of set.nodes()) keyring.ring.recallRemoval(set.get(node)!.revokedAtMs, wallMs);
  }

  /** Shuts a node out that was revoked here. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
  revoke(bytes: Uint8Array, wallMs: number): void {
    const revocation = readRevocation(bytes, this.authorityKey);
    if (revocation === undefined) {
      throw new CellError(
        "INVALID_ARGUMENT",
        "revoking a node: the revocation is not signed by this cluster's authority",
      );
    }
    this.set.add(bytes, wallMs);
    this.#shutOut([revocation], wallMs);
    this.keyring.rotate(wallMs);
  }

  /** Takes what another node says; what the authority did not sign is passed over. */
  take(bytes: Uint8Array, wallMs: number): void {
    const news = this.set.merge(bytes, wallMs);
    if (news.length > 0) this.#shutOut(news, wallMs);
  }

  #shutOut(revocations: readonly Revocation[], wallMs: number): void {
    this.events.onRevocations?.(this.set.encode());
    for (const { node, revokedAtMs } of revocations) {
      this.keyring.ring.retire(revokedAtMs, wallMs);
      this.hands.forget(node);
      this.events.onRevoked?.(node);
    }
    for (const { node } of revocations.slice(0, REVOCATIONS_TOLD_MAX)) {
      const bytes = this.set.bytesOf(node);
      if (bytes !== undefined) this.hands.broadcast(`revocation ${node}`, revocationPayload(bytes));
    }
  }
}
