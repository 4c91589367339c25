import { CellError, toCellError } from "../../base/mod.ts";
import { LOAD_MAX } from "../../gossip/catalog/mod.ts";
import type { GossipNode } from "../../gossip/mod.ts";
import type { Advertisement } from "../client/mod.ts";
import { UNTOLD } from "./local_instances.ts";
import type { Condition, LocalNode } from "./local_node.ts";
import type { Presences } from "./presences.ts";

/** Keeps what others are told of this node's instances like what they are. */
export class Published {
  /** The service of each instance that others know of. */
  readonly #services = new Map<string, string>();

  constructor(
    private readonly gossip: Pick<GossipNode, "publish" | "withdraw">,
    private readonly node: LocalNode,
    private readonly presences: Presences,
    private readonly log: (line: string) => void,
  ) {}

  /** An instance listens, or with undefined does no longer. */
  onPresence(instance: string, advertisement: Advertisement | undefined): void {
    if (advertisement !== undefined) return this.#publish(advertisement, this.node.conditions().get(instance));
    const service = this.#services.get(instance);
    if (service === undefined) return;
    this.#services.delete(instance);
    this.gossip.withdraw(service, instance);
  }

  /** Tells how instances do now; the catalog holds back what has hardly changed. */
  refresh(): void {
    const conditions = this.node.conditions();
    for (const advertisement of this.presences.all()) {
      this.#publish(advertisement, conditions.get(advertisement.instance));
    }
  }

  #publish(advertisement: Advertisement, { health, load }: Condition = UNTOLD): void {
    const { service, instance, species, release, quicPort, tlsPort, isRestricted } = advertisement;
    try {
      this.gossip.publish({
        service,
        instance,
        species,
        release: release ?? undefined,
        quicPort,
        tlsPort,
        load: Math.round(load * LOAD_MAX),
        health,
        access: isRestricted,
      });
      this.#services.set(instance, service);
    } catch (error) {
      if (error instanceof CellError && error.code === "INVALID_ARGUMENT") throw error;
      this.log(`error: offering ${instance} to others: ${toCellError(error).message}`);
    }
  }
}
